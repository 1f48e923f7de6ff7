// SPDX-License-Identifier: MIT
//
// Two kinds of descriptor: a netlink socket and a device that can be polled. Arguments were checked
// in index.ts.
#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <deque>
#include <string>
#include <vector>

#include "datagram.h"
#include "descriptor.h"
#include "programs.h"

namespace {

using descriptor::Descriptor;
using descriptor::State;
using descriptor::SystemError;

// The kernel builds dump messages up to 32 KiB; a single message beyond that is reported, not cut.
constexpr size_t kMessageMax = 65536;
// Messages taken in one turn of the loop, so that a flood leaves time for everything else.
constexpr int kBurst = 32;

// new Socket(protocol, receiveBuffer or 0, callback)
class Socket : public Descriptor<Socket> {
 public:
	explicit Socket(const Napi::CallbackInfo &info) : Descriptor(info) {
		Napi::Env env = info.Env();
		int protocol = info[0].As<Napi::Number>().Int32Value();
		int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
		if (fd < 0)
			throw SystemError(env, "socket", errno);
		const char *failed = Prepare(fd, info[1].As<Napi::Number>().Int32Value());
		if (failed != nullptr) {
			int error = errno;
			close(fd);
			throw SystemError(env, failed, error);
		}
		Start(fd, info[2]);
	}

	static Napi::Function Define(Napi::Env env) {
		return DefineClass(env, "Socket",
				   {InstanceMethod<&Socket::Port>("port"),
				    InstanceMethod<&Socket::AddMembership>("addMembership"),
				    InstanceMethod<&Socket::DropMembership>("dropMembership"),
				    InstanceMethod<&Socket::Send>("send"),
				    InstanceMethod<&Socket::Close>("close")});
	}

 private:
	// The name of what failed, with errno; null when all is well.
	static const char *Prepare(int fd, int receive_buffer) {
		const int on = 1;
		for (int option : {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK})
			if (setsockopt(fd, SOL_NETLINK, option, &on, sizeof(on)) != 0)
				return "setsockopt";
		// FORCE goes beyond net.core.rmem_max and needs CAP_NET_ADMIN.
		if (receive_buffer > 0 &&
		    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(int)) != 0 &&
		    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(int)) != 0)
			return "setsockopt";
		sockaddr_nl local{};
		local.nl_family = AF_NETLINK;
		if (bind(fd, reinterpret_cast<sockaddr *>(&local), sizeof(local)) != 0)
			return "bind";
		return nullptr;
	}

	Napi::Value Port(const Napi::CallbackInfo &info) {
		sockaddr_nl local{};
		socklen_t length = sizeof(local);
		if (getsockname(fd(), reinterpret_cast<sockaddr *>(&local), &length) != 0)
			throw SystemError(info.Env(), "getsockname", errno);
		return Napi::Number::New(info.Env(), local.nl_pid);
	}

	Napi::Value AddMembership(const Napi::CallbackInfo &info) {
		return Membership(info, NETLINK_ADD_MEMBERSHIP);
	}
	Napi::Value DropMembership(const Napi::CallbackInfo &info) {
		return Membership(info, NETLINK_DROP_MEMBERSHIP);
	}
	Napi::Value Membership(const Napi::CallbackInfo &info, int option) {
		int group = info[0].As<Napi::Number>().Int32Value();
		if (setsockopt(fd(), SOL_NETLINK, option, &group, sizeof(group)) != 0)
			throw SystemError(info.Env(), "setsockopt", errno);
		return info.Env().Undefined();
	}

	Napi::Value Send(const Napi::CallbackInfo &info) {
		auto data = info[0].As<Napi::Uint8Array>();
		if (send(fd(), data.Data(), data.ByteLength(), 0) < 0)
			throw SystemError(info.Env(), "send", errno);
		return info.Env().Undefined();
	}

	Napi::Value Close(const Napi::CallbackInfo &info) {
		Stop();
		return info.Env().Undefined();
	}

	void OnReadable() override {
		std::vector<uint8_t> buffer(kMessageMax);
		for (int taken = 0; taken < kBurst && IsOpen(); ++taken) {
			Napi::HandleScope scope(Env());
			sockaddr_nl from{};
			iovec place{buffer.data(), buffer.size()};
			msghdr message{};
			message.msg_name = &from;
			message.msg_namelen = sizeof(from);
			message.msg_iov = &place;
			message.msg_iovlen = 1;
			ssize_t length = recvmsg(fd(), &message, 0);
			if (length < 0 && (errno == EAGAIN || errno == EINTR))
				return;
			if (length < 0)
				EmitError("recvmsg", errno);
			else if (message.msg_flags & MSG_TRUNC)
				EmitError("recvmsg", EMSGSIZE);
			else if (from.nl_pid == 0)  // other programs cannot speak for the kernel
				EmitData(buffer.data(), static_cast<size_t>(length));
		}
	}
};

// new Device(path, callback)
class Device : public Descriptor<Device> {
 public:
	explicit Device(const Napi::CallbackInfo &info) : Descriptor(info) {
		std::string path = info[0].As<Napi::String>();
		int fd = open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			throw SystemError(info.Env(), "open", errno);
		Start(fd, info[1]);
	}

	static Napi::Function Define(Napi::Env env) {
		return DefineClass(env, "Device",
				   {InstanceMethod<&Device::Write>("write"),
				    InstanceMethod<&Device::Close>("close")});
	}

 private:
	Napi::Value Write(const Napi::CallbackInfo &info) {
		auto data = info[0].As<Napi::Uint8Array>();
		if (!IsOpen())
			throw SystemError(info.Env(), "write", EBADF);
		bool is_first = waiting_.empty();
		waiting_.emplace_back(data.Data(), data.Data() + data.ByteLength());
		// Behind others it waits for room as they do. An error of theirs goes to the callback: thrown
		// here, it would be taken for one of this piece.
		int error = is_first ? Flush() : 0;
		if (error != 0)
			throw SystemError(info.Env(), "write", error);
		return info.Env().Undefined();
	}

	void OnWritable() override {
		int error = Flush();
		if (error != 0)
			EmitError("write", error);
	}

	// Writes what waits, each piece in a write of its own: xenbus takes no more than one message.
	int Flush() {
		int error = 0;
		while (!waiting_.empty() && error == 0) {
			auto &piece = waiting_.front();
			ssize_t length = write(fd(), piece.data(), piece.size());
			if (length < 0 && errno == EINTR)
				continue;
			if (length < 0)
				error = errno;
			else if (length == 0 && !piece.empty())
				error = EIO;  // it takes nothing and does not say why; asking again would spin
			else
				piece.erase(piece.begin(), piece.begin() + length);
			if (piece.empty() || (error != 0 && error != EAGAIN))
				waiting_.pop_front();
		}
		WaitFor(waiting_.empty() ? UV_READABLE : UV_READABLE | UV_WRITABLE);
		return error == EAGAIN ? 0 : error;
	}

	Napi::Value Close(const Napi::CallbackInfo &info) {
		Stop();
		return info.Env().Undefined();
	}

	void OnReadable() override {
		std::vector<uint8_t> buffer(kMessageMax);
		for (int taken = 0; taken < kBurst && IsOpen(); ++taken) {
			Napi::HandleScope scope(Env());
			ssize_t length = read(fd(), buffer.data(), buffer.size());
			if (length < 0 && (errno == EAGAIN || errno == EINTR))
				return;
			if (length > 0) {
				EmitData(buffer.data(), static_cast<size_t>(length));
				continue;
			}
			// Ended or failed for good; asking again would spin.
			int error = length == 0 ? ENODATA : errno;
			Pause();
			EmitError("read", error);
			return;
		}
	}

	std::deque<std::vector<uint8_t>> waiting_;
};

Napi::Value Setup(const Napi::CallbackInfo &info) {
	auto *state = info.Env().GetInstanceData<State>();
	state->system_error = Napi::Persistent(info[0].As<Napi::Function>());
	return info.Env().Undefined();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
	env.SetInstanceData(new State());
	exports.Set("setup", Napi::Function::New<Setup>(env, "setup"));
	exports.Set("Socket", Socket::Define(env));
	exports.Set("Device", Device::Define(env));
	exports.Set("attached", Napi::Function::New<programs::Attached>(env, "attached"));
	exports.Set("sendDatagram", Napi::Function::New<datagram::Send>(env, "sendDatagram"));
	exports.Set("linked", Napi::Function::New<programs::Linked>(env, "linked"));
	return exports;
}

}  // namespace

NODE_API_MODULE(netlink, Init)
