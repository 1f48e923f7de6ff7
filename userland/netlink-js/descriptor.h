// SPDX-License-Identifier: MIT
//
// A JavaScript object that owns a descriptor polled on its environment's own event loop. All state
// hangs on the environment or on the object, so that worker threads may load this too.
#pragma once

#include <napi.h>
#include <unistd.h>
#include <uv.h>

#include <cstring>
#include <utility>

namespace descriptor {

struct State {
	Napi::FunctionReference system_error;
};

inline Napi::Error SystemError(Napi::Env env, const char *syscall, int error) {
	auto *state = env.GetInstanceData<State>();
	return Napi::Error(env, state->system_error.New({Napi::String::New(env, syscall),
							 Napi::Number::New(env, error)}));
}

inline Napi::Value Bytes(Napi::Env env, const uint8_t *data, size_t length) {
	auto bytes = Napi::Uint8Array::New(env, length);
	std::memcpy(bytes.Data(), data, length);
	return bytes;
}

class Pollable {
 public:
	virtual ~Pollable() = default;
	virtual void Stop() = 0;
	virtual void Ready(int events) = 0;
};

// What libuv needs until the descriptor is really closed, which is after the object let go of it.
struct Watch {
	uv_poll_t poll;
	int fd;
	Pollable *owner;
	napi_async_cleanup_hook_handle hook;
};

inline void Closed(uv_handle_t *handle) {
	auto *watch = static_cast<Watch *>(handle->data);
	close(watch->fd);
	napi_remove_async_cleanup_hook(watch->hook);
	delete watch;
}

// The environment ends. Where a close is already under way, it waits for Closed as it must.
inline void Teardown(napi_async_cleanup_hook_handle, void *data) {
	auto *watch = static_cast<Watch *>(data);
	if (watch->owner != nullptr)
		watch->owner->Stop();
}

inline void Polled(uv_poll_t *poll, int status, int events) {
	// A status is an error of epoll on this descriptor, such as a netlink socket's overrun: libuv has
	// stopped polling, and read or write will name it.
	if (status < 0) {
		events = UV_READABLE | UV_WRITABLE;
		uv_poll_start(poll, UV_READABLE, Polled);
	}
	static_cast<Watch *>(poll->data)->owner->Ready(events);
}

// An object with an open descriptor is kept alive until close() or the end of the environment.
template <class Self>
class Descriptor : public Napi::ObjectWrap<Self>, public Pollable {
 public:
	explicit Descriptor(const Napi::CallbackInfo &info)
		: Napi::ObjectWrap<Self>(info), context_(info.Env(), "netlink-js") {}

	void Stop() override {
		if (watch_ == nullptr)
			return;
		auto *watch = std::exchange(watch_, nullptr);
		watch->owner = nullptr;
		uv_close(reinterpret_cast<uv_handle_t *>(&watch->poll), Closed);
		callback_.Reset();
		this->Unref();
	}

	void Ready(int events) override {
		Napi::HandleScope scope(this->Env());
		[[maybe_unused]] Napi::Object self = this->Value();  // the callback may close us
		if (events & UV_WRITABLE)
			OnWritable();
		if (IsOpen() && (events & UV_READABLE))
			OnReadable();
	}

 protected:
	// Takes the descriptor over, also when it fails.
	void Start(int fd, const Napi::Value &callback) {
		Napi::Env env = this->Env();
		uv_loop_t *loop = nullptr;
		napi_get_uv_event_loop(env, &loop);
		auto *watch = new Watch{{}, fd, this, nullptr};
		int error = uv_poll_init(loop, &watch->poll, fd);
		if (error != 0) {
			close(fd);
			delete watch;
			throw SystemError(env, "poll", -error);
		}
		watch->poll.data = watch;
		napi_add_async_cleanup_hook(env, Teardown, watch, &watch->hook);
		watch_ = watch;
		callback_ = Napi::Persistent(callback.As<Napi::Function>());
		this->Ref();
		WaitFor(UV_READABLE);
	}

	void WaitFor(int events) { uv_poll_start(&watch_->poll, events, Polled); }
	void Pause() { uv_poll_stop(&watch_->poll); }
	bool IsOpen() const { return watch_ != nullptr; }
	int fd() const { return IsOpen() ? watch_->fd : -1; }

	// What the callback throws is an uncaught exception like any other.
	void Emit(napi_value error, napi_value data) {
		try {
			callback_.MakeCallback(this->Env().Global(), {error, data}, context_);
		} catch (const Napi::Error &e) {
			napi_fatal_exception(this->Env(), e.Value());
		}
	}
	void EmitError(const char *syscall, int error) {
		Emit(SystemError(this->Env(), syscall, error).Value(), this->Env().Undefined());
	}
	void EmitData(const uint8_t *data, size_t length) {
		Emit(this->Env().Undefined(), Bytes(this->Env(), data, length));
	}

	virtual void OnReadable() = 0;
	virtual void OnWritable() {}

 private:
	Watch *watch_ = nullptr;
	Napi::FunctionReference callback_;
	Napi::AsyncContext context_;
};

}  // namespace descriptor
