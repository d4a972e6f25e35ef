/* A library with what a troupe_plugin.h says of what a members.def names. Built with each released header and
   its members.def, and again with today's header and the same. */
#include "abi_layout.h"

#include "troupe_plugin.h"

#define STRUCT(type) {#type, 's', 0, sizeof(type), 0},
#define MEMBER(type, member) {#type "." #member, 'm', offsetof(type, member), sizeof(((type*)0)->member), 0},
#define NUMBER(name) {#name, 'n', (size_t)(name), 0, 0},
#define TEXT(name) {#name, 't', 0, 0, name},
extern TROUPE_EXPORT const struct abi_row troupe_abi_layout[];
const struct abi_row troupe_abi_layout[] = {
#include TROUPE_ABI_MEMBERS
    {0, 0, 0, 0, 0}};
