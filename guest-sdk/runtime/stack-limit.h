/* Included before every C file. QuickJS switches its stack check off where __wasi__ is defined; the headers of the
   C library need that macro, QuickJS's other uses of it are covered by EMSCRIPTEN, which rquickjs-sys defines too. So
   the headers come first, and the macro goes. Deep recursion is then a RangeError that JavaScript can catch. */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fenv.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#undef __wasi__
