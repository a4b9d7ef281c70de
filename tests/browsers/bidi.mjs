// WebDriver BiDi: commands and events over one socket.

import WebSocket from 'ws';

/**
 * Opens a session at an address. Answers and events have no limit of time or size.
 *
 * @param {string} url
 * @param {Record<string, (event: any) => void>} listeners of events, by their names.
 */
export async function connect(url, listeners) {
  const socket = new WebSocket(url, { maxPayload: 0, perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
  const waiting = new Map();
  socket.on('message', (data) => {
    const { id, type, method, params, result, error, message } = JSON.parse(String(data));
    if (type === 'event') return listeners[method]?.(params);
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (type === 'success') resolve(result);
    else reject(new Error(`${error}: ${message}`));
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('the browser closed the connection'));
    waiting.clear();
  });
  let last = 0;
  /** @returns {Promise<any>} */
  const send = (method, params = {}) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  const { capabilities } = await send('session.new', { capabilities: {} });
  await send('session.subscribe', { events: Object.keys(listeners) });
  return { send, version: capabilities.browserVersion, close: () => socket.terminate() };
}
