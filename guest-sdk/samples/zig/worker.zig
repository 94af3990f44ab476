//! A worker in Zig: the payload is a list of numbers, the value says how many, and their least, greatest, mean and median.
const std = @import("std");

const Summary = struct { count: usize, least: f64, greatest: f64, mean: f64, median: f64 };

pub fn main(init: std.process.Init) !void {
    var buffer: [4096]u8 = undefined;
    var stdin = std.Io.File.stdin().readerStreaming(init.io, &buffer);
    const payload = try stdin.interface.allocRemaining(init.gpa, .unlimited);
    // A level as in sd-daemon(3); what Zig's own std.log writes is a line without one, which is information.
    std.debug.print("<7>{d} bytes came\n", .{payload.len});

    const numbers = std.json.parseFromSliceLeaky([]f64, init.gpa, payload, .{}) catch
        return fail(init.io, "PayloadError", "the payload is not a list of numbers");
    if (numbers.len == 0) return fail(init.io, "PayloadError", "there is nothing to summarize");

    std.mem.sort(f64, numbers, {}, std.sort.asc(f64));
    var sum: f64 = 0;
    for (numbers) |number| sum += number;
    const middle = numbers.len / 2;
    try write(init.io, Summary{
        .count = numbers.len,
        .least = numbers[0],
        .greatest = numbers[numbers.len - 1],
        .mean = sum / @as(f64, @floatFromInt(numbers.len)),
        .median = if (numbers.len % 2 == 1) numbers[middle] else (numbers[middle - 1] + numbers[middle]) / 2,
    });
}

/// The value of the worker, as one JSON document on stdout.
fn write(io: std.Io, value: anytype) !void {
    var buffer: [4096]u8 = undefined;
    var stdout = std.Io.File.stdout().writerStreaming(io, &buffer);
    try std.json.Stringify.value(value, .{}, &stdout.interface);
    try stdout.interface.flush();
}

/// Throws, as JavaScript would: what happened on stdout, and exit code 1.
fn fail(io: std.Io, name: []const u8, message: []const u8) !void {
    try write(io, .{ .name = name, .message = message });
    std.process.exit(1);
}
