/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kernel_types.h - the few kernel types that the kernel view reads.
 *
 * Only the members that we use; CO-RE finds their offsets in the running kernel's BTF, so the
 * build needs no kernel headers. A "___suffix" is a flavour: the same type as another kernel
 * release has it; only compat.bpf.h touches those.
 */
#ifndef KERNEL_TYPES_H
#define KERNEL_TYPES_H

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct net;
struct proto;

typedef struct {
	struct net *net;
} possible_net_t;

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

/* An address that is read as a whole. */
struct address16 {
	__u8 bytes[16];
};

/* Valid for every kind of socket, TIME_WAIT and request sockets included. */
struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct address16 skc_v6_daddr;
	struct address16 skc_v6_rcv_saddr;
	unsigned long skc_flags;
	struct proto *skc_prot;
	__u32 skc_tw_rcv_nxt; /* TIME_WAIT only, as the next */
	__u32 skc_tw_snd_nxt;
};

typedef struct {
	long counter;
} atomic_long_t;

struct proto {
	atomic_long_t *memory_allocated; /* pages */
	long *sysctl_mem;		 /* three limits */
};

struct kernfs_node {
	__u64 id;
	struct kernfs_node *parent;
	const char *name;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct sock_cgroup_data {
	struct cgroup *cgroup;
};

struct socket;

struct sock {
	struct sock_common __sk_common;
	unsigned long sk_lingertime;
	__u8 sk_shutdown;
	int sk_wmem_queued;
	struct socket *sk_socket;
	struct sock_cgroup_data sk_cgrp_data;
};

struct inode {
	unsigned long i_ino;
};

struct file {
	struct inode *f_inode;
};

struct socket {
	struct file *file;
};

struct inet_sock {
	__be16 inet_sport;
};

struct inet_connection_sock {
	__u32 icsk_user_timeout;
	struct {
		__u32 lrcvtime;
	} icsk_ack;
};

struct tcp_sock {
	__u32 rcv_nxt;
	__u32 copied_seq;
	__u32 snd_nxt;
	__u32 snd_una;
	__u32 write_seq;
	__u32 lsndtime;
	__u64 bytes_received;
	__u64 bytes_acked;
	int linger2;
};

struct inet_timewait_sock {
	volatile unsigned char tw_substate;
};

struct net_device {
	int ifindex;
	possible_net_t nd_net;
};

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned long _nfct;
	__u16 transport_header;
	__u16 network_header;
	unsigned char *head;
	unsigned int len;
};

/* conntrack */
struct nf_conntrack_tuple {
	struct {
		struct address16 u3;
		struct {
			__be16 all;
		} u;
		__u16 l3num;
	} src;
	struct {
		struct address16 u3;
		struct {
			__be16 all;
		} u;
	} dst;
};

struct nf_conntrack_tuple_hash {
	struct nf_conntrack_tuple tuple;
};

struct ip_ct_tcp {
	__u8 state;
};

union nf_conntrack_proto {
	struct ip_ct_tcp tcp;
};

struct nf_conn {
	struct nf_conntrack_tuple_hash tuplehash[2];
	unsigned long status;
	union nf_conntrack_proto proto;
};

struct mm_struct {
	unsigned long start_stack;
};

struct signal_struct {
	struct mm_struct *oom_mm; /* set once the OOM killer has chosen the process */
};

struct task_struct {
	unsigned int flags; /* PF_* */
	int exit_code;	    /* set by do_exit() before it closes files */
	struct signal_struct *signal;
	struct task_struct *group_leader;
	struct mm_struct *mm;
	void *stack;
	char comm[16];
};

struct va_format {
	const char *fmt;
};

#pragma clang attribute pop

#endif
