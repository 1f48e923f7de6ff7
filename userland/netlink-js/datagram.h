// SPDX-License-Identifier: MIT
//
// A datagram to a socket in the file system, which Node's own modules cannot send.
#pragma once

#include <napi.h>

namespace datagram {

// sendDatagram(path, bytes)
Napi::Value Send(const Napi::CallbackInfo &info);

}  // namespace datagram
