// SPDX-License-Identifier: MIT
//
// Programs of BPF that stand in the way of packets and that netlink does not list.
#pragma once

#include <napi.h>

namespace programs {

// attached(ifindex, attachType): {id, name}[]
Napi::Value Attached(const Napi::CallbackInfo &info);
// netfilterLinks(): {id, name, family, hook}[]
Napi::Value NetfilterLinks(const Napi::CallbackInfo &info);

}  // namespace programs
