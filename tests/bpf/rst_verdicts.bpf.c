// SPDX-License-Identifier: GPL-2.0-only
/*
 * rst_verdicts.bpf.c - programs for test_verdicts: some that every verifier takes, some that none does.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
int good_first(struct __sk_buff *skb)
{
	return (int)skb->len;
}

/* Through what is no pointer. */
SEC("socket")
int bad_pointer(struct __sk_buff *skb)
{
	return *(volatile int *)(long)skb->len;
}

SEC("socket")
int good_second(struct __sk_buff *skb)
{
	return skb->protocol != 0;
}

/* A helper that there is not: -EINVAL, as in lockdown. */
static int (*const no_such_helper)(void) = (void *)100000;

SEC("socket")
int bad_helper(struct __sk_buff *skb __attribute__((unused)))
{
	return no_such_helper();
}

char _license[] SEC("license") = "GPL";
