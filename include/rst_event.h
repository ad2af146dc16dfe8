/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rst_event.h - what the BPF programs and user space tell each other.
 *
 * Fixed layouts, explicit padding, no pointers, no enum members. Fields that travel on the
 * wire keep network order (__be*); everything else is in host order. Append only: a changed
 * meaning is a new RST_ABI_VERSION. tests/bpf compares these layouts with the BTF of the
 * compiled objects.
 */
#ifndef RST_EVENT_H
#define RST_EVENT_H

#include <linux/types.h>

#define RST_ABI_VERSION 3

/* Records per CPU in the flight recorder; a power of two, changeable before load. */
#define RST_RING_SLOTS 8192
/* CPUs that the recorder has room for when the objects are loaded by plain tc or ip link. */
#define RST_RING_CPUS 32
/* Who may read one recorder at a time. */
#define RST_READERS_MAX 8
/* Of the events that one of them has not read yet: bytes. */
#define RST_EVENTS_SIZE (4u << 20)
/* How far the BPF side looks back on its own CPU for the segment that a RST answers. */
#define RST_SCAN_BACK 64
#define RST_STACK_DEPTH 32
#define RST_COMM_LEN 16
#define RST_WHY_LEN 64

/* Where a packet was seen. */
enum rst_hook {
	RST_HOOK_XDP = 0,
	RST_HOOK_TC_INGRESS = 1,
	RST_HOOK_TC_EGRESS = 2,
};

/* struct rst_pkt.meta: 24 bits of interface index, then these. */
#define RST_META_IFINDEX 0x00ffffffu
#define RST_META_V6 0x01000000u
#define RST_META_HOOK_SHIFT 25 /* two bits, enum rst_hook */
#define RST_META_HOOK 0x06000000u
#define RST_META_GSO 0x08000000u       /* aggregated: len is that of several segments */
#define RST_META_LEN_MAX 0x10000000u   /* payload longer than len can say */
#define RST_META_FORWARDED 0x20000000u /* tc egress: the packet came in by an interface */

/* One TCP segment, 64 bytes: one cache line. An IPv4 address stands in the last four bytes. */
struct rst_pkt {
	__u64 ts_ns; /* CLOCK_MONOTONIC; 0 = empty slot */
	__u8 saddr[16];
	__u8 daddr[16];
	__be32 seq; /* with ack: eight bytes of the TCP header, as they stand there */
	__be32 ack;
	__be16 sport;
	__be16 dport;
	__u32 meta; /* RST_META_* */
	__u8 ttl;   /* hop limit for IPv6; eight bytes from here on */
	__u8 flags; /* 14th byte of the TCP header, as are those of the window after it */
	__be16 window;
	__u16 len;   /* payload bytes, host order, saturating */
	__be16 ipid; /* 0 for IPv6 */
};

/* What became of the packets, counted per CPU. Names for people: rst_count_names[]. */
enum rst_count {
	RST_CNT_NONE, /* 0 is success where a count stands for an error */
	RST_CNT_RESETS,
	RST_CNT_FRAGMENT,  /* IP fragments: never read as TCP */
	RST_CNT_TRUNCATED, /* the headers go on past the end of the packet */
	RST_CNT_MALFORMED, /* header lengths that contradict each other */
	RST_CNT_JUMBO,	   /* IPv6 jumbograms and BIG TCP: length taken from the buffer */
	RST_CNT_GSO,	   /* aggregated segments */
	RST_CNT_EXT_LIMIT, /* more VLAN tags or IPv6 extension headers than we follow */
	RST_CNT_NO_SLOT,   /* a CPU without room in the recorder */
	RST_CNT_UNREAD,	   /* RSTs that were reported to no reader */
	RST_CNT_MAX,
};

/*
 * One per CPU, in an mmap-able array. Its size states the version, a cache line for each: libbpf
 * refuses to write to the pinned maps of another one, and user space can tell them apart.
 */
#define RST_CPU_SIZE (64 * RST_ABI_VERSION)

struct rst_cpu {
	__u64 count[RST_CNT_MAX];
	__u64 pad[RST_CPU_SIZE / 8 - RST_CNT_MAX];
};

/*
 * A process that reads the recorder, by the number of its place. Written by user space alone; the
 * BPF programs report to every place that has maps in rst_readers and rst_handoffs.
 */
struct rst_reader_info {
	__u32 pid;	   /* 0 = the place is free */
	__u32 pid_ns;	   /* inode number of its PID namespace, lower half */
	__u64 start_ticks; /* of the process, from /proc/PID/stat: pids are reused */
	__u64 since_ns;	   /* CLOCK_MONOTONIC */
	__u64 unread;	   /* RST_CNT_UNREAD at that moment: reported by then */
};

enum rst_ev_type {
	RST_EV_WIRE = 1,   /* struct rst_ev_wire */
	RST_EV_KERNEL = 2, /* struct rst_ev_kernel */
};

struct rst_ev_hdr {
	__u16 type;    /* enum rst_ev_type */
	__u16 version; /* RST_ABI_VERSION */
	__u32 cpu;
	__u64 ts_ns;   /* CLOCK_MONOTONIC */
	__u64 id;      /* unique among a reader's events, never 0 */
	__u64 join_id; /* id of the event of the other view that this one met on its CPU; or 0 */
};

/* How the BPF side chose rst_ev_wire.answers. */
enum rst_answer {
	RST_ANSWER_NONE,
	RST_ANSWER_NEWEST, /* newest of the flow, either direction */
	RST_ANSWER_EXACT,  /* RST.seq == ack, or RST.ack == seq + len + syn + fin */
};

/*
 * Whose the packet buffer of a RST was when it left. TCP's answers leave by a
 * raw socket of TCP's own (IPv4), or without one (IPv6); those of netfilter, without one.
 */
enum rst_maker {
	RST_MAKER_NOT_ASKED,
	RST_MAKER_NONE,	    /* no socket's */
	RST_MAKER_TCP,	    /* of TCP, whatever its state; not always of this network namespace */
	RST_MAKER_ANSWERER, /* a raw socket of protocol TCP: TCP's own, or somebody's */
	RST_MAKER_RAW,	    /* another raw socket */
	RST_MAKER_PACKET,   /* AF_PACKET */
	RST_MAKER_QUEUE,    /* of a tun, tap or macvtap device */
	RST_MAKER_OTHER,
	RST_MAKER_CAME_IN, /* it had come in by an interface */
	RST_MAKER_TURNED,  /* it comes in, and is the socket's that it is for */
};

/* A RST was seen on an interface. */
struct rst_ev_wire {
	struct rst_ev_hdr hdr;
	struct rst_pkt rst;
	struct rst_pkt answers; /* ts_ns == 0: none found on this CPU */
	__u32 answer;		/* enum rst_answer */
	__u8 now_asked; /* a passive RST left here: now_* tell whether its flow has a socket */
	__u8 now_state; /* TCP_* of that socket; 0 = none, or only a listener */
	__u8 now_full;	/* neither request nor TIME_WAIT: the numbers hold */
	__u8 maker;	/* enum rst_maker; 0 in what was recorded before there was such a thing */
	__u32 now_rcv_nxt; /* host order; of RST_MAKER_CAME_IN, which is not asked: the interface */
	__u32 now_snd_nxt;
};

struct rst_tuple {
	__u8 saddr[16]; /* as in struct rst_pkt */
	__u8 daddr[16];
	__be16 sport;
	__be16 dport;
	__u16 family; /* AF_INET, AF_INET6; 0 = not known */
	__u16 pad;
};

/* The kernel function that we are told about. */
enum rst_func {
	RST_FUNC_PASSIVE = 1,	/* tcp_v4_send_reset, tcp_v6_send_reset */
	RST_FUNC_ACTIVE = 2,	/* tcp_send_active_reset */
	RST_FUNC_RECEIVE = 3,	/* tcp_reset, by tcp:tcp_receive_reset */
	RST_FUNC_REJECT = 4,	/* nf_send_reset, nf_send_reset6 */
	RST_FUNC_NF_DROP = 5,	/* kfree_skb(NETFILTER_DROP) of the segment a RST answered */
	RST_FUNC_CHALLENGE = 6, /* tcp_send_challenge_ack, for a SYN */
	RST_FUNC_TIMEWAIT = 7,	/* tcp_timewait_state_process, given another connection's segment */
	RST_FUNC_WINDOW = 8,	/* a hash window that a reset had found open is closed now */
};

/* rst_ev_kernel.has */
#define RST_HAS_SK 0x01u     /* a socket was given */
#define RST_HAS_FULLSK 0x02u /* neither request nor TIME_WAIT: the fields below hold */
#define RST_HAS_SKB 0x04u    /* the segment that is answered was given */
#define RST_HAS_REASON 0x08u
#define RST_HAS_UNREAD 0x10u	  /* unread was taken at the entry of close() */
#define RST_HAS_CT 0x20u	  /* ct_* of the segment's nf_conn */
#define RST_HAS_NFCT 0x40u	  /* nfct was read, also when it says "none" */
#define RST_HAS_CLOSE_ENTRY 0x80u /* the probe at the entry of __tcp_close is there */
#define RST_HAS_INVALID 0x100u	  /* conntrack reported this segment: why, and ct if RST_HAS_CT */
#define RST_HAS_WINDOW 0x200u	  /* the segment's connection has a hash window */
#define RST_HAS_MEMORY 0x400u	  /* mem_* */
#define RST_HAS_SEEN 0x800u	  /* seen: the segment as the wire view has it */
#define RST_HAS_EXIT 0x1000u	  /* the task that ran was exiting: exit_code */
#define RST_HAS_OOM 0x2000u	  /* and the OOM killer had chosen it */
#define RST_HAS_COUNTS 0x4000u	  /* jiffies and what follows it */
#define RST_HAS_CLOSER 0x8000u	  /* closer: the socket was closed before */

struct rst_ct {
	struct rst_tuple orig;
	struct rst_tuple reply;
	__u32 status;	/* IPS_* */
	__u8 tcp_state; /* enum tcp_conntrack */
	__u8 pad[3];
};

/*
 * A cgroup by the names of itself and of those that it is in, innermost first; the root, which has
 * none, is left out. Read at a reset: the cgroup of a pod that was killed is removed at once.
 */
#define RST_CGROUP_DEPTH 8
#define RST_CGROUP_NAME 96

struct rst_cgroup {
	__u32 known; /* the names are all here; 0: they are too many, too long, or not read yet */
	__u32 names;
	char name[RST_CGROUP_DEPTH][RST_CGROUP_NAME];
};

/* What was being exchanged in the table of established sockets. */
enum rst_window_kind {
	RST_WINDOW_HANDSHAKE = 1, /* a request socket for the connection's own: inet_ehash_insert */
	RST_WINDOW_TIMEWAIT = 2,  /* a socket for its TIME_WAIT remnant: inet_twsk_hashdance */
};

/*
 * The time in which one CPU exchanges a connection's socket in the hash table. A look-up on
 * another CPU can fail meanwhile.
 */
struct rst_window {
	__u64 start_ns;
	__u64 end_ns;	 /* 0 = still open */
	__u64 notice_id; /* event of a reset that found it open; 0 = none */
	__u32 cpu;
	__u32 kind;    /* enum rst_window_kind */
	__u32 rcv_nxt; /* of the connection, host order */
	__u32 snd_nxt;
};

/* A connection as its own host sees it. */
struct rst_flow {
	__u8 local[16]; /* as in struct rst_pkt; an IPv4-mapped address stands as IPv4 */
	__u8 remote[16];
	__be16 lport;
	__be16 rport;
	__u32 netns;
};

/* The task that closed a connection's socket: who has it no more when what is left of it resets. */
struct rst_closer {
	__u64 ts_ns;
	__u64 cgroup; /* v2 id of the socket's; 0 = not known */
	__u32 tgid;
	__u32 tid;
	char comm[RST_COMM_LEN];
	char process[RST_COMM_LEN]; /* name of its first thread */
};

/* The kernel decided something about a reset. */
struct rst_ev_kernel {
	struct rst_ev_hdr hdr;
	struct rst_tuple sk;  /* source = the local end */
	struct rst_tuple skb; /* as the segment stood in the buffer at that moment */
	struct rst_ct ct;
	__u64 nfct;	     /* skb->_nfct with the pointer replaced by 8: 0 none, 7 untracked */
	__u64 sk_flags;	     /* SOCK_* bits */
	__u64 sk_lingertime; /* jiffies */
	__u64 sk_ino;	     /* inode of the socket file; 0 = orphan */
	__u64 sk_cgroup;     /* cgroup v2 id of the socket; 0 = not known */
	__u64 task_cgroup;
	__u32 skb_seq; /* host order, as are the next four */
	__u32 skb_ack;
	__u32 skb_len; /* payload bytes */
	__u32 rcv_nxt;
	__u32 snd_nxt;
	__u32 unread; /* bytes in the receive queue when close() began */
	__u32 netns;  /* inode number */
	__s32 reason; /* enum sk_rst_reason, or drop reason for RST_FUNC_NF_DROP */
	__u32 tgid;   /* the task that ran, owner or not */
	__u32 tid;
	__u32 has; /* RST_HAS_* */
	__s32 linger2;
	__u32 user_timeout; /* ms, TCP_USER_TIMEOUT; 0 = not set */
	__u32 ifindex;	    /* skb->dev */
	__u8 func;	    /* enum rst_func */
	__u8 sk_state;	    /* TCP_* */
	__u8 sk_shutdown;
	__u8 tw_substate;
	__u8 skb_flags;	 /* TCP flags of the segment */
	__u8 hook;	 /* netfilter hook of a REJECT */
	__u16 stack_len; /* frames */
	char comm[RST_COMM_LEN];
	char why[RST_WHY_LEN]; /* conntrack's format string, without its arguments */
	__u64 stack[RST_STACK_DEPTH];
	struct rst_window window;
	struct rst_pkt seen;
	__u64 mem_pages; /* of TCP on this host */
	__u64 mem_limit; /* tcp_mem[2] */
	__u32 wmem_queued;
	__u32 exit_code; /* as wait(2) has it: the signal in the low 7 bits, else the status << 8 */
	__u64 jiffies;
	__u64 bytes_received; /* of the whole connection, with the peer's FIN, but not its SYN */
	__u64 bytes_acked;    /* with our FIN, and with our SYN where we opened the connection */
	__u32 snd_una;	      /* host order, as are the next two */
	__u32 write_seq;
	__u32 copied_seq;
	__u32 lsndtime; /* when data was last sent, and received: the low half of jiffies */
	__u32 lrcvtime;
	__u32 pad;
	char process[RST_COMM_LEN]; /* the name of the task's first thread */
	struct rst_closer closer;
};

/*
 * The stack of the application that resets a connection by a system call, as it was in memory: user space
 * unwinds it. In a ring buffer of its own, so that no event is lost for it; pieces that end where pages
 * do, so that each can be read as a whole or not at all.
 */
#define RST_USER_PIECE 1024
#define RST_USER_PIECES 24
#define RST_USER_REGISTERS 17 /* in the order of DWARF for x86-64, then the instruction pointer */
#define RST_USER_STACKS_SIZE (1u << 20)
/* So many in a second, of all CPUs. */
#define RST_USER_STACKS_PER_S 5

struct rst_user_stack {
	__u64 event_id;	   /* of the reset */
	__u64 start_stack; /* where the program's stack began: mm->start_stack */
	__u64 start;	   /* address of the first byte */
	__u64 registers[RST_USER_REGISTERS];
	__u32 tgid;
	__u32 tid;
	__u32 pieces; /* that could be read: a bit each, the lowest first */
	__u32 pad;
	__u8 bytes[RST_USER_PIECES * RST_USER_PIECE];
};

/* Of this second: how many were taken; and how many were not, since the start. */
struct rst_user_count {
	__u64 since_ns;
	__u64 taken;
	__u64 skipped;
};

/*
 * Per CPU: the last segment that conntrack reported as invalid. A segment is judged and
 * answered within one softirq run, so the reset finds the report of its own segment here.
 */
struct rst_invalid {
	__u64 ts_ns;
	struct rst_tuple skb;
	struct rst_ct ct;
	__u32 skb_seq;
	__u32 has_ct;
	char why[RST_WHY_LEN];
};

/*
 * Per CPU and reader: its events, and what its two views leave for each other. A passive reset
 * meets its RST inside the same call; the tracepoint of an active one fires after the transmission
 * (6.10 and later), so either may come first.
 */
struct rst_handoff {
	__u64 events;	 /* ids given out */
	__u64 lost_wire; /* events that found the reader's ring buffer full, of either view */
	__u64 lost_kernel;
	__u64 kernel_id; /* 0 = nothing left */
	__u64 kernel_ts;
	__u64 wire_id;
	__u64 wire_ts;
	__u32 kernel_seq; /* expected in the RST, host order */
	__u32 kernel_ack;
	__u32 wire_seq;
	__u32 wire_ack;
	__u8 kernel_func; /* enum rst_func */
	__u8 wire_flags;
	__be16 kernel_peer_port;	 /* where the RST must go to: numbers alone can repeat */
	__be32 kernel_peer;		 /* last word of the address */
	struct rst_tuple wire;		 /* as the RST left */
	struct rst_tuple kernel_segment; /* that the RST answers, as TCP saw it */
};

/* Two halves on one CPU belong together only within one call; an emulated CPU may need 40 ms for it. */
#define RST_HANDOFF_NS 250000000ULL

_Static_assert(sizeof(struct rst_pkt) == 64, "a record is one cache line");
_Static_assert(sizeof(struct rst_cpu) == RST_CPU_SIZE,
	       "counters of two CPUs must not share a line");
_Static_assert(sizeof(struct rst_reader_info) == 32, "rst_reader_info");
_Static_assert(sizeof(struct rst_tuple) == 40, "rst_tuple");
_Static_assert(sizeof(struct rst_ev_hdr) == 32, "rst_ev_hdr");
_Static_assert(sizeof(struct rst_ev_wire) == 176, "rst_ev_wire");
_Static_assert(sizeof(struct rst_window) == 40, "rst_window");
_Static_assert(sizeof(struct rst_flow) == 40, "rst_flow");
_Static_assert(sizeof(struct rst_cgroup) == 776, "rst_cgroup");
_Static_assert(sizeof(struct rst_closer) == 56, "rst_closer");
_Static_assert(sizeof(struct rst_user_stack) == 176 + RST_USER_PIECES * RST_USER_PIECE,
	       "rst_user_stack");

#endif
