// A socket of the package ws that need not keep to the protocol: sends the task's frames as they are, and tells what
// comes back and how the server closes. A frame is a text, `{binary: …}`, or `{wait: type}` for a message of that type.
import WebSocket from 'ws';
import { task, tell } from './talk.mjs';

const socket = new WebSocket(task.url, task.protocols ?? ['graphql-transport-ws'], task.options ?? {});
const waiting = [];
socket.on('message', (data) => {
  const message = JSON.parse(data);
  if (!task.silent) tell(message);
  const index = waiting.findIndex(({ type }) => type === message.type);
  if (index >= 0) waiting.splice(index, 1)[0].resolve();
});
socket.on('unexpected-response', (request, response) => {
  tell({ status: response.statusCode });
  process.exit(0);
});
socket.on('error', (error) => tell({ error: error.message }));
socket.on('close', (code, reason) => {
  tell({ closed: code, reason: reason.toString() });
  process.exit(0);
});
socket.on('open', async () => {
  for (const frame of task.frames) {
    if (typeof frame === 'string') socket.send(frame);
    else if (frame.binary !== undefined) socket.send(Buffer.from(frame.binary));
    else if (frame.size !== undefined) socket.send(JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(frame.size) } }));
    else if (frame.ping) { socket.ping(); await new Promise((resolve) => socket.once('pong', resolve)); tell({ frame: 'pong' }); }
    else await new Promise((resolve) => waiting.push({ type: frame.wait, resolve }));
  }
  if (task.leave) socket.close(1000, 'done');
});
