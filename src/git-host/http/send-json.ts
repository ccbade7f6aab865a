import type { ServerResponse } from 'node:http';

export function sendJson(res: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    // Answers to a token's creation hold its value.
    'cache-control': 'no-store',
  });
  res.end(body);
}

export function sendNothing(res: ServerResponse): void {
  res.writeHead(204).end();
}
