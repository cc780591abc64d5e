import { ActionIcon, AppShell, Badge, Burger, Group, Kbd, Menu, NavLink, Text, Tooltip, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { spotlight } from '@mantine/spotlight';
import { IconClockHour4, IconDeviceDesktop, IconKeyboard, IconMoon, IconPlugConnectedX, IconSearch, IconSun, IconUser } from '@tabler/icons-react';
import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { Suspense } from 'react';

import { approvalsQuery, useLiveApprovals } from '../api/approvals.js';
import { callerQuery, client } from '../api/client.js';
import { useConnection } from '../api/connection.js';
import { distanceText } from '../parts/durations.js';
import { Notice } from '../parts/notice.js';
import { useNow } from '../parts/now.js';
import { Pending } from '../parts/pending.js';
import { useTimeStyle } from '../parts/time.js';
import { KeyHelp, openKeyHelp } from './key-help.js';
import { NAVIGATION } from './navigation.js';
import { Palette } from './palette.js';
import classes from './shell.module.css';

/** What is around every page: where to go, what waits, who is signed in, whether the connection stands. */
export function Shell() {
  const [open, { toggle, close }] = useDisclosure(false);
  useLiveApprovals();
  useGoKeys();
  return (
    <AppShell header={{ height: 52 }} navbar={{ width: 208, breakpoint: 'sm', collapsed: { mobile: !open } }} padding="md">
      <a className={classes['skip']} href="#main">
        Skip to the page
      </a>
      <AppShell.Header className={classes['header']}>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
            <Link to="/runs" className={classes['brand']}>
              <img src="icon.svg" alt="" width={24} height={24} />
              <span>Studio</span>
            </Link>
          </Group>
          <UnstyledButton className={classes['search']} onClick={spotlight.open} visibleFrom="xs">
            <IconSearch size={15} aria-hidden />
            <span>Search and commands</span>
            <Kbd size="xs">Ctrl K</Kbd>
          </UnstyledButton>
          <Group gap={4} wrap="nowrap">
            <TimeSwitch />
            <SchemeSwitch />
            <Tooltip label="Keys">
              <ActionIcon variant="subtle" color="gray" aria-label="Keyboard shortcuts" onClick={openKeyHelp}>
                <IconKeyboard size={18} />
              </ActionIcon>
            </Tooltip>
            <Account />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" className={classes['navbar']} aria-label="Pages">
        <Navigation onGo={close} />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <Lost />
        <Suspense fallback={<Pending />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
      <Palette />
      <KeyHelp />
    </AppShell>
  );
}

function Navigation({ onGo }: { readonly onGo: () => void }) {
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const waiting = useQuery(approvalsQuery).data;
  return NAVIGATION.map(({ to, text, icon: Shape }) => (
    <NavLink
      key={to}
      component={Link}
      to={to}
      label={text}
      leftSection={<Shape size={17} stroke={1.8} aria-hidden />}
      active={path === to || path.startsWith(`${to}/`)}
      aria-current={path === to ? 'page' : undefined}
      onClick={onGo}
      rightSection={
        to === '/approvals' && waiting !== undefined && waiting.items.length > 0 ? (
          <Badge size="sm" circle={waiting.items.length < 10} aria-label={`${String(waiting.items.length)} waiting`}>
            {`${String(waiting.items.length)}${waiting.nextCursor === undefined ? '' : '+'}`}
          </Badge>
        ) : undefined
      }
    />
  ));
}

/** Shown while what is on the page may be old. */
function Lost() {
  const connection = useConnection();
  const now = useNow();
  if (connection.state === 'live') return null;
  return (
    <Notice icon={<IconPlugConnectedX />} mb="md" role="status" data-connection="lost" title="Disconnected">
      What you see is from {distanceText(connection.since, now)}. The page goes on where it was cut off as soon as the gateway answers.
    </Notice>
  );
}

function SchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [label, Shape, next] = ({ auto: ['Theme of the system', IconDeviceDesktop, 'light'], light: ['Light theme', IconSun, 'dark'], dark: ['Dark theme', IconMoon, 'auto'] } as const)[colorScheme];
  return (
    <Tooltip label={`${label}: change`}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`${label}, change to ${next === 'auto' ? 'that of the system' : next}`}
        onClick={() => {
          setColorScheme(next);
        }}
      >
        <Shape size={18} />
      </ActionIcon>
    </Tooltip>
  );
}

function TimeSwitch() {
  const [style, setStyle] = useTimeStyle();
  const label = style === 'relative' ? 'Show times as they are' : 'Show times as distances';
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={label}
        onClick={() => {
          setStyle(style === 'relative' ? 'absolute' : 'relative');
        }}
      >
        <IconClockHour4 size={18} />
      </ActionIcon>
    </Tooltip>
  );
}

function Account() {
  const { data: caller } = useSuspenseQuery(callerQuery);
  const signOut = async (): Promise<void> => {
    await client.text('signOut', { body: {} });
    location.reload();
  };
  return (
    <Menu position="bottom-end" withArrow>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Signed in as ${caller.name}`}>
          <IconUser size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm">{caller.name}</Text>
          <Text size="xs">
            {caller.role} · {caller.tenant}
          </Text>
        </Menu.Label>
        {caller.via === 'session' ? <Menu.Item onClick={() => void signOut()}>Sign out</Menu.Item> : null}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Two keys, one after the other: `g` and the letter of a page. */
function useGoKeys(): void {
  const navigate = useNavigate();
  useHotkeys([
    ['mod+K', spotlight.open],
    ['?', openKeyHelp],
    ['shift+?', openKeyHelp],
    ...NAVIGATION.map(({ key, to }): [string, () => void] => [key, () => {
      if (Date.now() - pressed < GO_MS) void navigate({ to });
    }]),
    ['g', () => {
      pressed = Date.now();
    }],
  ]);
}

const GO_MS = 1_500;
let pressed = 0;
