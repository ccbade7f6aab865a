export async function markStarted(_dir: string, _sessionId: string, _sandboxId: string): Promise<'first' | 'same' | 'other'> {
  return 'first';
}
