// SPDX-License-Identifier: GPL-2.0-only
/*
 * spin_code.c - find places in the machine code of a kernel function: x86-64.
 *
 * There is no disassembler here. Bytes that look like the wanted instruction but begin inside of
 * another one do no harm: the kernel refuses to put a probe there.
 */
#include "spin_code.h"

#include <asm/ptrace.h>
#include <errno.h>
#include <string.h>

const char *const where_names[N_WHERE] = {
	[AT_ENTRY] = "entry",	[AT_HASHED] = "hashed", [AT_UNHASHED] = "unhashed",
	[AT_ARMING] = "arming", [AT_ARMED] = "armed",	[AT_MATCHED] = "matched",
};

#define REG(name) offsetof(struct pt_regs, name)

/* As the processor numbers them. */
static const uint32_t regs[16] = {
	REG(rax), REG(rcx), REG(rdx), REG(rbx), REG(rsp), REG(rbp), REG(rsi), REG(rdi),
	REG(r8),  REG(r9),  REG(r10), REG(r11), REG(r12), REG(r13), REG(r14), REG(r15),
};

#define REX_W 0x08
#define OP_STORE 0x89	  /* mov %reg,disp(%base) */
#define OP_LOAD 0x8b	  /* mov disp(%base),%reg */
#define OP_STORE_IMM 0xc7 /* movl or movq $imm,disp(%base) */

/* An instruction with one operand in memory and one register, or an immediate value. */
struct insn {
	size_t offset, end;
	bool wide; /* 64 bits */
	uint8_t op;
	unsigned int reg, base;
	int32_t disp;
	int32_t imm;
};

static int32_t read32(const uint8_t *p)
{
	int32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* disp(%base), without an index: the kernel's compilers use nothing else for a member. */
static bool decode_operand(struct insn *i, const uint8_t *p, uint8_t rex)
{
	unsigned int mod = p[0] >> 6, rm = p[0] & 7, n = 1;

	if (mod == 3 || (mod == 0 && rm == 5))
		return false;
	if (rm == 4 && p[n++] != 0x24)
		return false;
	i->reg = (p[0] >> 3 & 7) | (rex & 4) << 1;
	i->base = rm | (rex & 1) << 3;
	i->disp = mod == 0 ? 0 : mod == 1 ? (int8_t)p[n] : read32(p + n);
	n += mod == 0 ? 0 : mod == 1 ? 1 : 4;
	i->imm = i->op == OP_STORE_IMM ? read32(p + n) : 0;
	i->end += n + (i->op == OP_STORE_IMM ? 4 : 0);
	return true;
}

#define MAX_INSN 16

static bool decode(const struct code *c, size_t offset, struct insn *ret)
{
	const uint8_t *p = c->bytes + offset;
	uint8_t rex = (p[0] & 0xf0) == 0x40 ? *p++ : 0;

	/* Not after what may be its prefix: it would be another instruction without it. */
	if (!rex && offset && (p[-1] & 0xf0) == 0x40)
		return false;
	*ret = (struct insn){ .offset = offset, .wide = rex & REX_W, .op = *p++ };
	ret->end = p - c->bytes;
	if (ret->op != OP_STORE && ret->op != OP_LOAD && ret->op != OP_STORE_IMM)
		return false;
	return decode_operand(ret, p, rex) && (ret->op != OP_STORE_IMM || !(ret->reg & 7));
}

/* The next instruction from an offset on that is like the one wanted; base and imm count last. */
static bool find_insn(const struct code *c, size_t from, const struct insn *like, struct insn *ret)
{
	size_t offset;

	for (offset = from; offset + MAX_INSN <= c->len; offset++)
		if (decode(c, offset, ret) && ret->op == like->op && ret->wide == like->wide &&
		    ret->disp == like->disp && ret->imm == like->imm)
			return true;
	return false;
}

static void set_place(struct place *p, size_t offset, const struct insn *i, uint32_t back)
{
	p->offset = offset;
	p->reg = regs[i->base];
	p->back = back;
}

/* A store through this register, from an offset on. */
static bool find_store(const struct code *c, size_t from, unsigned int base, struct insn *ret)
{
	const struct insn store = { .op = OP_STORE, .wide = true };

	while (find_insn(c, from, &store, ret)) {
		if (ret->base == base)
			return true;
		from = ret->end;
	}
	return false;
}

/* node->pprev = where; *where = node; the second store is what readers see. */
static bool find_hashed(const struct code *c, const struct sock_layout *l, struct place *ret)
{
	const struct insn pprev = { .op = OP_STORE, .wide = true, .disp = (int32_t)l->pprev };
	struct insn first, second;
	size_t from = 0;

	while (find_insn(c, from, &pprev, &first)) {
		if (find_store(c, first.end, first.reg, &second)) {
			set_place(ret, second.end, &first, 0);
			return true;
		}
		from = first.end;
	}
	return false;
}

int find_place(const struct code *c, const struct sock_layout *l, enum where where,
	       struct place *ret_place)
{
	const struct insn no_pprev = { .op = OP_STORE_IMM,
				       .wide = true,
				       .disp = (int32_t)l->pprev };
	const struct insn three = { .op = OP_STORE_IMM, .disp = (int32_t)l->refcnt, .imm = 3 };
	const struct insn load = { .op = OP_LOAD, .disp = (int32_t)(l->refcnt - l->node) };
	struct insn i = { 0 };

	switch (where) {
	case AT_ENTRY:
		*ret_place = (struct place){ .reg = REG(rdi) };
		return 0;
	case AT_HASHED:
		return find_hashed(c, l, ret_place) ? 0 : -ENOENT;
	case AT_UNHASHED:
		if (!find_insn(c, 0, &no_pprev, &i))
			return -ENOENT;
		set_place(ret_place, i.end, &i, 0);
		return 0;
	case AT_ARMING:
	case AT_ARMED:
		if (!find_insn(c, 0, &three, &i))
			return -ENOENT;
		set_place(ret_place, where == AT_ARMING ? i.offset : i.end, &i, 0);
		return 0;
	case AT_MATCHED:
		if (!find_insn(c, 0, &load, &i))
			return -ENOENT;
		set_place(ret_place, i.offset, &i, l->node);
		return 0;
	default:
		return -EINVAL;
	}
}

bool window_open(const struct code *c, const struct sock_layout *l, enum where where)
{
	struct place at, hashed;

	if (find_place(c, l, where, &at))
		return false;
	if (where == AT_MATCHED)
		return true;
	if (find_place(c, l, AT_HASHED, &hashed))
		return false;
	return (where == AT_UNHASHED && at.offset < hashed.offset) ||
	       (where == AT_ARMING && at.offset >= hashed.offset);
}
