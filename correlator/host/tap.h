/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tap.h - tap devices of the current network namespace, and who writes the packets that come by them.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** tap_is() - not a tun, whose packets are those of a VPN */
bool tap_is(uint32_t ifindex);

/**
 * tap_holders() - "NAME (pid N), ...", of each process that has a descriptor of it; "" = none
 * @ret_vm: does one of them have a virtual machine of KVM?
 */
void tap_holders(uint32_t ifindex, char *ret, size_t size, bool *ret_vm);

#endif
