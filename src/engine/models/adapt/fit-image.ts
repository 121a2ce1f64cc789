import { text, type ImageBlock, type TextBlock } from '../../../core/message.ts';
import type { Profile } from './profile.ts';
import { imageSize } from './image-size.ts';
import type { Found } from './report.ts';

const bytesOf = ({ base64 }: ImageBlock): number =>
  Math.max(0, Math.floor((base64.length * 3) / 4) - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0));

const shown = (bytes: number): string =>
  bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** Why a model does not take a picture; undefined when it does. */
const refusal = (image: ImageBlock, { name, images }: Profile): string | undefined => {
  if (!images) return `${name} takes no images`;
  if (image.base64 === '') return 'it is empty';
  const { formats, max_size_bytes: most = Infinity, max_width = Infinity, max_height = Infinity } = images;
  if (formats && !formats.includes(image.mediaType.toLowerCase())) return `${name} takes ${formats.join(', ')}`;
  if (bytesOf(image) > most) return `${name} takes at most ${shown(most)}`;
  if (max_width === Infinity && max_height === Infinity) return undefined;
  const [width, height] = imageSize(image.base64) ?? [0, 0];
  return width > max_width || height > max_height
    ? `${name} takes at most ${max_width} × ${max_height} pixels, it has ${width} × ${height}`
    : undefined;
};

/** The text that stands where a picture was, and the loss it is. */
export const omitted = (image: ImageBlock, why: string): { block: TextBlock; found: Found } => {
  const what = `${image.mediaType.slice(0, 40)}, ${shown(bytesOf(image))}`;
  return {
    block: text(`[${what}, left out: ${why}]`),
    found: { code: 'Drop', severity: 'error', message: `An image (${what}) is left out: ${why}.` },
  };
};

/** A picture, or what stands for it where the model does not take it. */
export const fitImage = (image: ImageBlock, profile: Profile): { block: ImageBlock | TextBlock; found?: Found } => {
  const why = refusal(image, profile);
  if (why !== undefined) return omitted(image, why);
  // Providers know media types in small letters only.
  const mediaType = image.mediaType.toLowerCase();
  return { block: mediaType === image.mediaType ? image : { ...image, mediaType } };
};
