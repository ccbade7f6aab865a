import { toolNames, type ModelEvent, type ModelRequest, type WireFormat } from './events.ts';

/** What agents call their tool for shell commands, and the name of its argument with the command. */
const SHELL_TOOLS = new Map([
  ['exec_command', 'cmd'],
  ['shell_command', 'command'],
  ['bash', 'command'],
]);
/** Newer models are offered one tool that runs JavaScript, in which the shell is a function. */
const SCRIPT_TOOL = 'exec';

/** OpenAI's Responses API, streamed: https://platform.openai.com/docs/api-reference/responses-streaming. */
export const openaiResponses: WireFormat = {
  path: '/v1/responses',
  shellTool: (request) => offered(request).find((name) => SHELL_TOOLS.has(name) || name === SCRIPT_TOOL) ?? null,
  hasResult: (request) => /"type":"(function|custom_tool)_call_output"/.test(JSON.stringify(request['input'] ?? [])),
  callTool: (tool, command) => (tool === SCRIPT_TOOL ? callScript(command) : callFunction(tool, command)),
  say(text) {
    const part = { type: 'output_text', text, annotations: [] };
    const item = { type: 'message', id: 'msg_1', role: 'assistant', content: [part] };
    const place = { item_id: 'msg_1', output_index: 0, content_index: 0 };
    return response(item, { ...item, content: [] }, [
      { type: 'response.content_part.added', ...place, part: { ...part, text: '' } },
      { type: 'response.output_text.delta', ...place, delta: text },
      { type: 'response.output_text.done', ...place, text },
      { type: 'response.content_part.done', ...place, part },
    ]);
  },
};

/** Names of tools: in the request's own list, or in its input, one level deep. */
function offered(request: ModelRequest): string[] {
  const input = Array.isArray(request['input']) ? (request['input'] as ModelRequest[]) : [];
  const groups = input.flatMap(({ tools }) => (Array.isArray(tools) ? (tools as ModelRequest[]) : []));
  return [...toolNames(request), ...groups.flatMap(toolNames)];
}

function callFunction(tool: string, command: string): ModelEvent[] {
  const values = { [SHELL_TOOLS.get(tool) ?? '']: command, description: 'Edits, commits and pushes' };
  const item = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: tool, arguments: JSON.stringify(values) };
  const place = { item_id: 'fc_1', output_index: 0 };
  return response(item, { ...item, arguments: '' }, [
    { type: 'response.function_call_arguments.delta', ...place, delta: item.arguments },
    { type: 'response.function_call_arguments.done', ...place, arguments: item.arguments },
  ]);
}

function callScript(command: string): ModelEvent[] {
  const input = `text(await tools.exec_command({ cmd: ${JSON.stringify(command)} }))`;
  const item = { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_1', name: SCRIPT_TOOL, input };
  const place = { item_id: 'ctc_1', output_index: 0 };
  return response(item, { ...item, input: '' }, [
    { type: 'response.custom_tool_call_input.delta', ...place, delta: input },
    { type: 'response.custom_tool_call_input.done', ...place, input },
  ]);
}

/** A response with one item: as it is announced, how it comes, and as it is in the end. */
function response(item: ModelRequest, announced: ModelRequest, parts: ModelEvent[]): ModelEvent[] {
  const about = { id: 'resp_1', object: 'response', created_at: 0, model: 'fake', output: [] as unknown[] };
  const usage = {
    input_tokens: 1,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 1,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 2,
  };
  const done = { ...item, status: 'completed' };
  return [
    { type: 'response.created', response: { ...about, status: 'in_progress' } },
    { type: 'response.output_item.added', output_index: 0, item: { ...announced, status: 'in_progress' } },
    ...parts,
    { type: 'response.output_item.done', output_index: 0, item: done },
    { type: 'response.completed', response: { ...about, status: 'completed', output: [done], usage } },
  ].map((event, index) => ({ ...event, sequence_number: index }));
}
