// XML to JSON and back.
import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser';

export default async (_context: unknown, data: { xml: string }): Promise<object> => {
  const valid = XMLValidator.validate(data.xml);
  if (valid !== true) return { line: valid.err.line, code: valid.err.code };
  const options = { ignoreAttributes: false, attributeNamePrefix: '@' };
  const value = new XMLParser(options).parse(data.xml);
  return { value, xml: new XMLBuilder(options).build(value) };
};
