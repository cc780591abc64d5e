import { Center, Loader } from '@mantine/core';

/** While a page or a part of one is being loaded. */
export function Pending() {
  return (
    <Center py="xl" role="status" aria-label="Loading">
      <Loader size="sm" type="dots" />
    </Center>
  );
}
