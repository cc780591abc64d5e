import {
  IconBook2,
  IconCalendarClock,
  IconChecklist,
  IconMessages,
  IconPlayerPlay,
  IconPlug,
  IconRoute,
  IconSettings,
  IconSitemap,
  IconWebhook,
  type Icon,
} from '@tabler/icons-react';

interface Entry {
  readonly to: '/runs' | '/workflows' | '/schedules' | '/approvals' | '/playbooks' | '/flows' | '/sessions' | '/plugins' | '/deliveries' | '/settings';
  readonly text: string;
  readonly icon: Icon;
  /** Pressed after `g`. */
  readonly key: string;
}

/** The pages at the left, in their order. */
export const NAVIGATION: readonly Entry[] = [
  { to: '/runs', text: 'Runs', icon: IconPlayerPlay, key: 'r' },
  { to: '/workflows', text: 'Workflows', icon: IconSitemap, key: 'w' },
  { to: '/schedules', text: 'Schedules', icon: IconCalendarClock, key: 's' },
  { to: '/approvals', text: 'Approvals', icon: IconChecklist, key: 'a' },
  { to: '/playbooks', text: 'Playbooks', icon: IconBook2, key: 'p' },
  { to: '/flows', text: 'Flows', icon: IconRoute, key: 'f' },
  { to: '/sessions', text: 'Sessions', icon: IconMessages, key: 'e' },
  { to: '/plugins', text: 'Plugins', icon: IconPlug, key: 'l' },
  { to: '/deliveries', text: 'Deliveries', icon: IconWebhook, key: 'd' },
  { to: '/settings', text: 'Settings', icon: IconSettings, key: 't' },
];
