export default ['\u{1F600}\x41\0\n', "\u2028", '\
', `\``, String.raw`\u`];
#!x
