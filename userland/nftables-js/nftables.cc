// SPDX-License-Identifier: MIT
//
// One object: a libnftables context that runs one buffer of commands at a time, off the event loop. Arguments
// were checked and calls are queued in index.ts; nothing here throws.
#include "library.h"

#include <napi.h>

#include <cstring>
#include <string>

namespace {

bool SetString(napi_env env, napi_value object, const char *name, const std::string &text) {
	napi_value value;
	return napi_create_string_utf8(env, text.data(), text.size(), &value) == napi_ok &&
	       napi_set_named_property(env, object, name, value) == napi_ok;
}

bool SetNumber(napi_env env, napi_value object, const char *name, int number) {
	napi_value value;
	return napi_create_int32(env, number, &value) == napi_ok &&
	       napi_set_named_property(env, object, name, value) == napi_ok;
}

class Context;

// What the pool does for a context. Holds a reference to it, so that the collector leaves it alone meanwhile.
class Worker : public Napi::AsyncWorker {
 public:
	Worker(Napi::Env env, Context *context);

	napi_value promise() const { return promise_; }

 protected:
	void OnOK() override;
	void OnError(const Napi::Error &error) override;
	// What the promise resolves with; false where it could not be made.
	virtual bool Result(napi_env env, napi_value *result);
	virtual std::string Refusal() const { return ""; }

	Context *context_;

 private:
	void Reject(napi_env env, const std::string &text);
	void Release();

	napi_deferred deferred_ = nullptr;
	napi_value promise_ = nullptr;
};

class RunWorker : public Worker {
 public:
	RunWorker(Napi::Env env, Context *context, const Napi::CallbackInfo &info);

 protected:
	void Execute() override;
	bool Result(napi_env env, napi_value *result) override;
	std::string Refusal() const override;

 private:
	Request request_;
	double most_;
	Outcome outcome_;
};

class CloseWorker : public Worker {
 public:
	using Worker::Worker;

 protected:
	void Execute() override;
};

// new Context(); run(commands, flags, dryRun, mostBytes) -> Promise<{status, output, error, warnings}>;
// close() -> Promise. Neither of them waits for the library on the event loop's thread.
class Context : public Napi::ObjectWrap<Context> {
 public:
	explicit Context(const Napi::CallbackInfo &info) : ObjectWrap(info) {
		int error = ProbeLibrary();
		if (error != 0)
			Napi::Error::New(info.Env(), std::strerror(error)).ThrowAsJavaScriptException();
	}

	~Context() override {
		if (ctx_ != nullptr)
			AbandonContext(ctx_);
	}

	static Napi::Function Define(Napi::Env env) {
		return DefineClass(env, "Context",
				   {InstanceMethod<&Context::Run>("run"), InstanceMethod<&Context::Close>("close")});
	}

	nft_ctx **ctx() { return &ctx_; }
	void set_busy(bool busy) { busy_ = busy; }

 private:
	Napi::Value Run(const Napi::CallbackInfo &info) {
		return IsFree(info) ? Start(new RunWorker(info.Env(), this, info)) : info.Env().Undefined();
	}

	Napi::Value Close(const Napi::CallbackInfo &info) {
		if (!IsFree(info))
			return info.Env().Undefined();
		closed_ = true;
		return Start(new CloseWorker(info.Env(), this));
	}

	bool IsFree(const Napi::CallbackInfo &info) {
		if (!closed_ && !busy_)
			return true;
		Napi::Error::New(info.Env(), closed_ ? "the context is closed" : "the context is busy")
			.ThrowAsJavaScriptException();
		return false;
	}

	Napi::Value Start(Worker *worker) {
		Napi::Value promise(worker->Env(), worker->promise());
		worker->Queue();
		return promise;
	}

	// Undefined before the first run. Only touched by the one worker that is busy with this context.
	nft_ctx *ctx_ = nullptr;
	// Only touched on the environment's own thread.
	bool busy_ = false;
	bool closed_ = false;
};

Worker::Worker(Napi::Env env, Context *context) : AsyncWorker(env, "nftables"), context_(context) {
	napi_create_promise(env, &deferred_, &promise_);
	context_->Ref();
	context_->set_busy(true);
}

// Plain Node-API, because a thread may be ending just now: then these calls fail, which nobody is left to hear
// of, while the wrappers would abort the process.
void Worker::OnOK() {
	napi_env env = Env();
	napi_value result;
	std::string refusal = Refusal();

	Release();
	if (!refusal.empty())
		Reject(env, refusal);
	else if (Result(env, &result))
		napi_resolve_deferred(env, deferred_, result);
	else
		Reject(env, "the result of libnftables could not be made into strings");
}

void Worker::OnError(const Napi::Error &error) {
	Release();
	napi_reject_deferred(Env(), deferred_, error.Value());
}

bool Worker::Result(napi_env env, napi_value *result) { return napi_get_undefined(env, result) == napi_ok; }

void Worker::Reject(napi_env env, const std::string &text) {
	napi_value exception, message, error;
	bool is_pending = false;

	// A call that failed may have left an exception, which would come up elsewhere.
	if (napi_is_exception_pending(env, &is_pending) == napi_ok && is_pending)
		napi_get_and_clear_last_exception(env, &exception);
	if (napi_create_string_utf8(env, text.data(), text.size(), &message) == napi_ok &&
	    napi_create_error(env, nullptr, message, &error) == napi_ok)
		napi_reject_deferred(env, deferred_, error);
}

void Worker::Release() {
	context_->set_busy(false);
	context_->Unref();
}

RunWorker::RunWorker(Napi::Env env, Context *context, const Napi::CallbackInfo &info)
	: Worker(env, context),
	  request_{info[0].As<Napi::String>().Utf8Value(), info[1].As<Napi::Number>().Uint32Value(),
		   info[2].As<Napi::Boolean>().Value()},
	  most_(info[3].As<Napi::Number>().DoubleValue()) {}

void RunWorker::Execute() { outcome_ = RunCommands(context_->ctx(), request_); }

std::string RunWorker::Refusal() const {
	size_t size = outcome_.output.size() + outcome_.error.size() + outcome_.warnings.size();
	if (static_cast<double>(size) <= most_)
		return "";
	return "libnftables printed " + std::to_string(size) + " bytes, more than are taken";
}

bool RunWorker::Result(napi_env env, napi_value *result) {
	return napi_create_object(env, result) == napi_ok && SetString(env, *result, "output", outcome_.output) &&
	       SetString(env, *result, "error", outcome_.error) &&
	       SetString(env, *result, "warnings", outcome_.warnings) &&
	       SetNumber(env, *result, "status", outcome_.status);
}

void CloseWorker::Execute() { FreeContext(context_->ctx()); }

Napi::Object Init(Napi::Env env, Napi::Object exports) {
	Napi::Object names = Napi::Object::New(env);
	for (const auto &[text, name] : ErrorNames())
		names[text] = Napi::String::New(env, name);
	exports["Context"] = Context::Define(env);
	exports["errorNames"] = names;
	return exports;
}

}  // namespace

NODE_API_MODULE(nftables, Init)
