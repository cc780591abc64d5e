import { Radio, Stack, useMantineColorScheme } from '@mantine/core';

import { useTimeStyle } from '../parts/time.js';

/** How Studio looks in this browser. */
export function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [times, setTimes] = useTimeStyle();
  return (
    <Stack gap="lg">
      <Radio.Group
        label="Theme"
        value={colorScheme}
        onChange={(value) => {
          setColorScheme(value === 'light' || value === 'dark' ? value : 'auto');
        }}
      >
        <Stack gap={6} mt={6}>
          <Radio value="auto" label="That of the system" />
          <Radio value="light" label="Light" />
          <Radio value="dark" label="Dark" />
        </Stack>
      </Radio.Group>
      <Radio.Group
        label="Times"
        value={times}
        onChange={(value) => {
          setTimes(value === 'absolute' ? 'absolute' : 'relative');
        }}
      >
        <Stack gap={6} mt={6}>
          <Radio value="relative" label="As distances: 5m ago" />
          <Radio value="absolute" label="As they are, with date and seconds" />
        </Stack>
      </Radio.Group>
    </Stack>
  );
}
