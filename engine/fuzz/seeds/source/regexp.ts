export default [/(?<!a)(?=b)\k<c>(?<c>d)/u, /[\]]{1,2}?/gimsy, /(?i:a)(?:)/, /\p{Script=Greek}/v];
