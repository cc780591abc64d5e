import { Modal } from '@mantine/core';
import { useState } from 'react';

import type { NewApiKeyView } from '@kb-labs/contracts';

import { KeyForm } from './key-form.js';
import { NewKey } from './new-key.js';

/** Makes a key and shows it, once. It is nowhere but in this dialog. */
export function CreateKey({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const [made, setMade] = useState<NewApiKeyView>();
  const close = (): void => {
    onClose();
    setMade(undefined);
  };
  return (
    <Modal opened={opened} onClose={close} title={made === undefined ? 'New key' : `The key “${made.name}”`} closeOnClickOutside={made === undefined} closeOnEscape={made === undefined} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      {made === undefined ? <KeyForm onMade={setMade} /> : <NewKey made={made} onDone={close} />}
    </Modal>
  );
}
