/** What the sample's agent does, in POSIX shell: change a file, commit, push a branch of its own. */
export const SAMPLE_COMMAND = [
  'sh',
  '-c',
  `set -eu
echo "at work in $(pwd), at commit $(git rev-parse --short HEAD)"
branch="agent/$DAYPASS_SESSION_ID"
git checkout --quiet -b "$branch"
echo "A sandbox was here in session $DAYPASS_SESSION_ID." >> AGENT-NOTE.md
git add AGENT-NOTE.md
git commit --quiet --message "Leave a note from a sandbox"
git push --quiet origin "$branch"
echo "pushed $branch"`,
];

/** The branch that the command pushes. */
export function sampleBranch(sessionId: string): string {
  return `agent/${sessionId}`;
}
