#include "models/cache/replay.h"

#include "models/limits.h"

namespace troupe::models {

namespace {

// Up to limits::kReplayedPiece bytes of text, whole characters.
std::string_view piece_of(std::string_view text) {
  if (text.size() <= limits::kReplayedPiece) return text;
  std::size_t end = limits::kReplayedPiece;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end > 0 ? end : limits::kReplayedPiece);
}

// The end of a reply that is decided, as a model writes it that stops there.
bool says_nothing(std::string_view text) {
  return text.find_first_not_of(" \t\r\n`") == std::string_view::npos;
}

}  // namespace

Task<Result<ModelReply>> replay(ModelReply reply, TokenSink& sink, CallContext& context) {
  reply.cache_hit = true;
  const std::string_view reasoning = reply.reasoning, text = reply.text;
  std::size_t at = 0, since_turn = 0;
  while (at < reasoning.size() + text.size()) {
    const bool thinks = at < reasoning.size();
    const std::string_view rest = thinks ? reasoning.substr(at) : text.substr(at - reasoning.size());
    const std::string_view piece = piece_of(rest);
    if (since_turn += piece.size(); since_turn > limits::kReplayedAtOnce) {
      since_turn = 0;
      (void)co_await context.loop.sleep_for(Milliseconds(0), context.stop);
    }
    if (context.stop.requested()) co_return fail(stopped("a cached reply", context.stop.reason()));
    at += piece.size();
    if (thinks) {
      sink.on_reasoning(piece);
    } else if (!sink.on_text(piece)) {
      if (says_nothing(rest.substr(piece.size()))) break;
      reply.text.resize(at - reasoning.size());
      reply.finish = FinishReason::closed_early;
      break;
    }
  }
  co_return reply;
}

}  // namespace troupe::models
