/** Where in a number the text is. */
export type NumberState = 'minus' | 'zero' | 'digits' | 'point' | 'fraction' | 'exponent' | 'sign' | 'exponentDigits';

const [MINUS, PLUS, POINT, ZERO, NINE] = [0x2d, 0x2b, 0x2e, 0x30, 0x39];

/** What each first byte of a number leads to. */
export const NUMBER_STARTS: ReadonlyMap<number, NumberState> = new Map([
  [MINUS, 'minus'],
  [ZERO, 'zero'],
  ...Array.from({ length: 9 }, (_, index) => [ZERO + 1 + index, 'digits'] as [number, NumberState]),
]);

/** Where the byte leads to, null when it is not the number's any more. Source: RFC 8259, 6. */
export function numberStep(state: NumberState, byte: number): NumberState | null {
  const isDigit = byte >= ZERO && byte <= NINE;
  switch (state) {
    case 'minus':
      return isDigit ? (byte === ZERO ? 'zero' : 'digits') : null;
    case 'digits':
      return isDigit ? 'digits' : afterDigits(byte);
    case 'zero':
      return afterDigits(byte);
    case 'point':
    case 'fraction':
      if (isDigit) return 'fraction';
      return state === 'fraction' && isExponent(byte) ? 'exponent' : null;
    case 'exponent':
      if (byte === PLUS || byte === MINUS) return 'sign';
      return isDigit ? 'exponentDigits' : null;
    case 'sign':
    case 'exponentDigits':
      return isDigit ? 'exponentDigits' : null;
  }
}

/** Whether a number may end here. */
export function isWholeNumber(state: NumberState): boolean {
  return state === 'zero' || state === 'digits' || state === 'fraction' || state === 'exponentDigits';
}

function afterDigits(byte: number): NumberState | null {
  if (byte === POINT) return 'point';
  return isExponent(byte) ? 'exponent' : null;
}

function isExponent(byte: number): boolean {
  return byte === 0x65 || byte === 0x45;
}
