// Reads the printed schema as a client's build would, and tells what is wrong with it.
import { readFileSync } from 'node:fs';
import { buildSchema, validateSchema } from 'graphql';

const { path } = JSON.parse(process.argv[2]);
const schema = buildSchema(readFileSync(path, 'utf8'));
console.log(JSON.stringify({
  errors: validateSchema(schema).map((error) => error.message),
  subscriptions: Object.keys(schema.getSubscriptionType().getFields()).sort(),
}));
