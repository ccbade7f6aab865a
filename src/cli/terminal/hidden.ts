/*
 * Characters that show nothing, or that show others in another order, so that a reader sees another text than there is
 * (CVE-2021-42574). Source: Unicode, Bidi_Control; General_Category=Cf; Default_Ignorable_Code_Point.
 */
const HIDDEN = /[\p{Bidi_Control}\p{Cf}\u115f\u1160\u3164\uffa0\u{e0000}-\u{e0fff}]/gu;

/** Joiners between letters of scripts that need them, and within an emoji. */
const JOINERS = /[\u200c\u200d]/;
const JOINED_BEFORE = /(?:[^\P{L}a-zA-Z]\p{M}*|\p{Extended_Pictographic}\ufe0f?|\p{Emoji_Modifier})$/u;
const JOINED_AFTER = /^(?:[^\P{L}a-zA-Z]|\p{Extended_Pictographic})/u;
/** The tags of a flag such as Scotland's: a black flag, tags, and the tag that ends them. */
const FLAG = /\u{1f3f4}[\u{e0020}-\u{e007e}]{1,8}\u{e007f}/gu;

/** A text in which every hidden character is written out, such as `\u{202e}`; whole emoji stay as they are. */
export function showHidden(text: string): string {
  const flags = [...text.matchAll(FLAG)].map(({ index, 0: flag }) => [index, index + flag.length] as const);
  return text.replaceAll(HIDDEN, (character, at: number) => {
    const isInFlag = flags.some(([start, end]) => start <= at && at < end);
    if (isInFlag || (JOINERS.test(character) && isJoined(text, at))) return character;
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

function isJoined(text: string, at: number): boolean {
  return JOINED_BEFORE.test(text.slice(Math.max(0, at - 8), at)) && JOINED_AFTER.test(text.slice(at + 1, at + 3));
}
