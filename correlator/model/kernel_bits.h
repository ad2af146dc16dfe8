/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kernel_bits.h - bits of the kernel's structures, as accounts of it carry them.
 */
#ifndef KERNEL_BITS_H
#define KERNEL_BITS_H

/* enum sock_flags, in kernel_sock.flags */
#define SOCK_FLAG_DEAD (1u << 0)
#define SOCK_FLAG_DONE (1u << 1) /* the peer's FIN was received */
#define SOCK_FLAG_LINGER (1u << 4)

/* sk_shutdown, in kernel_sock.shutdown */
#define SHUTDOWN_RECEIVE 1u

/* skb->_nfct, in kernel_event.nfct: a bit instead of the entry's address, and ctinfo below it */
#define NFCT_INFO 7u
#define NFCT_UNTRACKED 7u /* IP_CT_UNTRACKED, without an entry */
#define NFCT_ENTRY 8u

#endif
