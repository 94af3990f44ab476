/* 😀 */ let 😀 = 1;  'unterminated
	type T = { [K in keyof T]: ;
export default 1; export default 2; export { nothing };
