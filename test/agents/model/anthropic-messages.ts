import { toolNames, type ModelEvent, type ModelRequest, type WireFormat } from './events.ts';

/** Anthropic's Messages API, streamed: https://docs.anthropic.com/en/api/messages-streaming. */
export const anthropicMessages: WireFormat = {
  path: '/v1/messages',
  shellTool: (request) => toolNames(request).find((name) => name.toLowerCase() === 'bash') ?? null,
  hasResult: (request) => JSON.stringify(request['messages'] ?? []).includes('"type":"tool_result"'),
  callTool: (tool, command) =>
    message(
      { type: 'tool_use', id: 'toolu_01', name: tool, input: {} },
      { type: 'input_json_delta', partial_json: JSON.stringify({ command, description: 'Edits, commits and pushes' }) },
      'tool_use',
    ),
  say: (text) => message({ type: 'text', text: '' }, { type: 'text_delta', text }, 'end_turn'),
};

/** One message with one block of content, which arrives in one piece. */
function message(block: ModelRequest, delta: ModelRequest, reason: string): ModelEvent[] {
  const usage = { input_tokens: 1, output_tokens: 1 };
  const start = { id: 'msg_01', type: 'message', role: 'assistant', model: 'fake', content: [], usage };
  return [
    { type: 'message_start', message: { ...start, stop_reason: null, stop_sequence: null } },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ];
}
