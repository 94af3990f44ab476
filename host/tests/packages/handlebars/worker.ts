// Fills a template that is compiled once, at build time.
import Handlebars from 'handlebars';

Handlebars.registerHelper('loud', (text: string) => text.toUpperCase());
const template = Handlebars.compile('Dear {{loud name}},{{#each items}} {{this}}{{#unless @last}},{{/unless}}{{/each}} <{{mail}}>');

export default async (_context: unknown, data: object): Promise<object> => ({ text: template(data) });
