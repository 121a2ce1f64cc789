const jpegSize = (data: Buffer): [number, number] | undefined => {
  for (let at = 2; at + 9 < data.length;) {
    if (data[at] !== 0xff) return undefined;
    const marker = data[at + 1] ?? 0;
    // Start of frame; the others of this range are tables.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc)
      return [data.readUInt16BE(at + 7), data.readUInt16BE(at + 5)];
    at += marker === 0xff ? 1 : 2 + data.readUInt16BE(at + 2);
  }
  return undefined;
};

const webpSize = (data: Buffer): [number, number] | undefined => {
  switch (data.toString('latin1', 12, 16)) {
    case 'VP8X':
      return [data.readUIntLE(24, 3) + 1, data.readUIntLE(27, 3) + 1];
    case 'VP8L': {
      const bits = data.readUInt32LE(21);
      return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
    }
    case 'VP8 ':
      return [data.readUInt16LE(26) & 0x3fff, data.readUInt16LE(28) & 0x3fff];
    default:
      return undefined;
  }
};

/** Width and height in pixels of a PNG, GIF, JPEG or WebP; undefined when it is none of them or broken. */
export const imageSize = (base64: string): [width: number, height: number] | undefined => {
  const data = Buffer.from(base64, 'base64');
  if (data.length < 30) return undefined;
  if (data.toString('latin1', 1, 4) === 'PNG') return [data.readUInt32BE(16), data.readUInt32BE(20)];
  if (data.toString('latin1', 0, 3) === 'GIF') return [data.readUInt16LE(6), data.readUInt16LE(8)];
  if (data.toString('latin1', 8, 12) === 'WEBP') return webpSize(data);
  return data[0] === 0xff && data[1] === 0xd8 ? jpegSize(data) : undefined;
};
