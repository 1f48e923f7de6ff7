// SPDX-License-Identifier: MIT
//
// Programs of BPF that stand in the way of packets and that netlink does not list.
#pragma once

#include <napi.h>

namespace programs {

// attached(ifindex, attachType): {id, name}[]
Napi::Value Attached(const Napi::CallbackInfo &info);
// linked(linkType): {id, name, target, hook}[]
Napi::Value Linked(const Napi::CallbackInfo &info);

}  // namespace programs
