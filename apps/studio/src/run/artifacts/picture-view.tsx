import { useEffect, useState } from 'react';

import classes from './artifacts.module.css';

/** A picture from bytes that are there already: nothing is asked for. */
export function PictureView({ bytes, mime, label }: { readonly bytes: Uint8Array<ArrayBuffer>; readonly mime: string; readonly label: string }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes], { type: mime }));
    setUrl(made);
    return () => {
      URL.revokeObjectURL(made);
    };
  }, [bytes, mime]);
  return url === undefined ? null : <img src={url} alt={label} className={classes['picture']} />;
}
