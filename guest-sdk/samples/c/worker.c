/* A worker in C: the payload is a JSON string of digits, and the value says whether they pass the Luhn check. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Throws, as JavaScript would: exit code 1, and what happened on stdout. */
static void fail(const char *name, const char *message) {
    /* A log line; <3> is the level of an error, as in sd-daemon(3). */
    fputs("<3>refused\n", stderr);
    printf("{\"name\":\"%s\",\"message\":\"%s\"}", name, message);
    exit(1);
}

int main(void) {
    static char payload[64];
    size_t length = fread(payload, 1, sizeof payload, stdin);
    if (length == sizeof payload) fail("PayloadError", "the payload is longer than any card number");
    /* The payload comes byte for byte as it was sent: there can be an end of a line behind it. */
    while (length > 0 && strchr(" \t\r\n", payload[length - 1])) length--;
    if (length == 0) fail("PayloadError", "the worker needs a payload, a string of digits");
    if (payload[0] != '"') fail("PayloadError", "the payload is not a string");

    int sum = 0, digits = 0;
    for (size_t i = length - 1; i-- > 1;) {
        if (payload[i] == ' ') continue;
        if (payload[i] < '0' || payload[i] > '9') fail("PayloadError", "only digits and spaces can be checked");
        int digit = (payload[i] - '0') << (digits++ % 2);
        sum += digit > 9 ? digit - 9 : digit;
    }
    printf("{\"digits\":%d,\"valid\":%s}", digits, digits > 1 && sum % 10 == 0 ? "true" : "false");
    return 0;
}
