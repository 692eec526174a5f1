// A client of graphql-http: runs one operation and tells its result.
import { createClient } from 'graphql-http';
import { task, tell } from './talk.mjs';

const headers = task.token ? { authorization: `Bearer ${task.token}` } : {};
createClient({ url: task.url, headers }).subscribe(task.operation, {
  next: tell,
  error: ({ message }) => tell({ refused: message }),
  complete: () => tell({ completed: true }),
});
