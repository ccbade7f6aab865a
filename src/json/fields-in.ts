/** The fields of a text that should be a JSON object; none where it is not JSON. Pure. */
export function fieldsIn(text: string): Record<string, unknown> {
  try {
    return { ...(JSON.parse(text) as Record<string, unknown>) };
  } catch {
    return {};
  }
}
