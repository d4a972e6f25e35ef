#include "plugins/plugin_model.h"

#include "models/limits.h"
#include "plugins/host/plugin_runtime.h"
#include "plugins/model_messages.h"
#include "plugins/service_call.h"
#include "runtime/base/utf8.h"

#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

// How long an answer that is decided may take to end by itself: then its tokens are counted, too.
constexpr Milliseconds kEndOfAnswer(250);
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// What comes of a reply piece by piece, on its way to the caller's sink. A plugin may cut its pieces within
/// characters, and may send what is no UTF-8 at all.
class TextFlow {
 public:
  TextFlow(models::TokenSink& sink, Loop& loop, ServiceCall& call) : sink_(sink), loop_(loop), call_(call) {}

  void take(std::string_view bytes) {
    if (too_long_ || goes_on_) return;  // it is being stopped
    waiting_ += bytes;
    forward(false);
  }
  /// The rest of a whole answer.
  void finish(std::string_view rest) {
    if (!rest.empty()) waiting_.clear();  // half a character, which the rest begins with
    waiting_ += rest;
    forward(true);
    patience_.reset();
  }

  /// What the sink was given.
  const std::string& text() const { return text_; }
  bool enough() const { return enough_; }
  /// It wrote more after that.
  bool goes_on() const { return goes_on_; }
  bool too_long() const { return too_long_; }

 private:
  // Whole characters go on; the beginning of one waits for its end.
  void forward(bool all) {
    const std::string_view text = waiting_;
    std::string good;
    std::size_t from = 0;  // of what is good and has not been taken yet
    std::size_t at = 0;
    while (at < text.size()) {
      const bool ascii = static_cast<unsigned char>(text[at]) < 0x80;
      const std::size_t size = ascii ? 1 : utf8_character(text, at);
      if (size == 0 && !all && text.size() - at < 4 && may_begin(text.substr(at))) break;
      if (size == 0) {
        good += text.substr(from, at - from);
        good += kReplacement;
        from = at + 1;
      }
      at += size ? size : 1;
    }
    good += text.substr(from, at - from);
    waiting_.erase(0, at);
    if (good.empty() || too_long_) return;
    if (enough_) {
      goes_on_ = goes_on_ || good.find_first_not_of(" \t\r\n`") != std::string::npos;
      if (goes_on_) call_.stop();
      return;
    }
    if (text_.size() + good.size() > kPluginAnswerBytes) {
      too_long_ = true;
      return call_.stop();
    }
    text_ += good;
    enough_ = !sink_.on_text(good);
    if (enough_) patience_ = loop_.at(loop_.clock().now() + kEndOfAnswer, [this] { call_.stop(); });
  }
  // Whether more bytes can make a character of it.
  static bool may_begin(std::string_view bytes) {
    for (std::string_view more :
         {"\x80", "\x90", "\xBF", "\x80\x80", "\x90\x80", "\xBF\x80", "\x80\x80\x80", "\x90\x80\x80"})
      if (utf8_character(std::string(bytes) + std::string(more), 0) > 0) return true;
    return false;
  }

  models::TokenSink& sink_;
  Loop& loop_;
  ServiceCall& call_;
  Loop::Alarm patience_;
  std::string waiting_;
  std::string text_;
  bool enough_ = false;
  bool goes_on_ = false;
  bool too_long_ = false;
};

class PluginModel final : public models::Model {
 public:
  PluginModel(std::shared_ptr<Plugin> plugin, std::size_t service, models::ModelSettings settings,
              std::string told, Workers& workers)
      : plugin_(std::move(plugin)),
        service_(service),
        settings_(std::move(settings)),
        told_(std::move(told)),
        workers_(workers),
        origin_(fmt::format("{}/{}", settings_.provider, description().name)),
        title_(fmt::format("model {} ({} of {})", settings_.name, description().name, settings_.provider)) {}

  const std::string& name() const override { return settings_.name; }

  Task<Result<models::ModelReply>> complete(models::ModelRequest request, models::TokenSink& sink,
                                            CallContext& context) override {
    if (context.stop.requested()) co_return fail(stopped(title_, context.stop.reason()));
    if (auto taken = accepts(description(), request); !taken)
      co_return within(title_, std::move(taken.error()));
    ServiceCall call(context, settings_.timeout, description().timeout);
    TextFlow flow(sink, context.loop, call);
    PluginCall asked{.service = service_,
                     .input = model_input(settings_, request, description(), told_, origin_),
                     .repeatable = true,
                     .grace = kModelGrace};
    auto answer =
        co_await call.make(*plugin_, std::move(asked), [&flow](std::string_view text) { flow.take(text); });
    if (!answer && context.stop.requested()) co_return within(title_, std::move(answer.error()));
    std::optional<Read> read;
    if (answer && !flow.too_long())
      read =
          co_await this->read(std::move(answer->text), flow.text(), request.transcript->size(), context.loop);
    auto reply = reply_of(answer, std::move(read), flow, sink);
    if (!reply) co_return within(title_, std::move(reply.error()));
    if (reply->usage.estimated) estimate_usage(request, *reply);
    if (reply->model.empty()) reply->model = told_.empty() ? description().name : told_;
    co_return reply;
  }

 private:
  using Read = Result<models::ModelReply>;

  const ServiceDescription& description() const { return plugin_->description().services[service_]; }

  // What is long is not read on the loop.
  Task<Read> read(std::string answer, std::string streamed, std::size_t messages, Loop& loop) const {
    if (answer.size() <= limits::kDecodeOnLoopBytes)
      co_return read_model_answer(answer, streamed, origin_, messages);
    co_return co_await offload(loop, workers_,
                               [answer = std::move(answer), streamed = std::move(streamed), origin = origin_,
                                messages] { return read_model_answer(answer, streamed, origin, messages); });
  }

  /// `answer`, and what was `read` of it.
  static Read reply_of(const Result<PluginAnswer>& answer, std::optional<Read> read, TextFlow& flow,
                       models::TokenSink& sink) {
    if (flow.too_long())
      return fail(ErrorCode::protocol,
                  fmt::format("the plugin's text is larger than {} bytes", kPluginAnswerBytes));
    if (!answer) {
      if (flow.enough()) return closed_early(flow);
      return fail(provider_error(answer.error()));
    }
    Read reply = std::move(*read);
    // What follows on enough is void, be it as it may.
    if (flow.enough()) {
      if (!reply || flow.goes_on() || reply->text != flow.text()) return closed_early(flow, std::move(reply));
      return reply;
    }
    if (!reply) return reply;
    if (!reply->reasoning.empty()) sink.on_reasoning(reply->reasoning);
    const std::string rest = reply->text.substr(flow.text().size());
    flow.finish(rest);
    if (rest.empty()) reply->text = flow.text();
    return reply;
  }

  static models::ModelReply closed_early(const TextFlow& flow,
                                         Result<models::ModelReply> whole = fail(ErrorCode::internal, "")) {
    models::ModelReply reply{.text = flow.text(), .finish = models::FinishReason::closed_early};
    reply.usage.estimated = true;
    if (whole && !whole->usage.estimated) reply.usage = whole->usage;
    if (whole) reply.model = std::move(whole->model);
    return reply;
  }

  const std::shared_ptr<Plugin> plugin_;
  const std::size_t service_;
  const models::ModelSettings settings_;
  const std::string told_;
  Workers& workers_;
  const std::string origin_;  ///< whose state a reply's is
  const std::string title_;
};

}  // namespace

std::shared_ptr<models::Model> make_plugin_model(std::shared_ptr<Plugin> plugin, std::size_t service,
                                                 models::ModelSettings settings, std::string told,
                                                 Workers& workers) {
  return std::make_shared<PluginModel>(std::move(plugin), service, std::move(settings), std::move(told),
                                       workers);
}

}  // namespace troupe::plugins
