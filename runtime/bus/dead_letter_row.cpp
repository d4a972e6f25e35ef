#include "runtime/bus/dead_letter_row.h"

#include "runtime/base/sha256.h"
#include "runtime/bus/message_event.h"
#include "runtime/bus/words.h"

#include <fmt/format.h>

namespace troupe::bus {

std::string resend_id(const Message& message) {
  return "resend." + sha256_hex(message.room.session + "\n" + message.id).substr(0, 32);
}

store::DeadLetterRow row_of(const DeadLetter& letter) {
  const Message& message = letter.message;
  return {.id = message.id,
          .session = message.room.session,
          .tenant = message.room.tenant,
          .run = message.room.run,
          .reason = std::string(word(letter.reason)),
          .detail = letter.detail,
          .body = dump(fields_of(message)),
          .resend_id = resend_id(message),
          .at_ms = letter.at_ms,
          .resent_ms = letter.resent_ms};
}

Result<DeadLetter> dead_letter_of(const store::DeadLetterRow& row) {
  auto fields = parse_json(row.body);
  if (!fields) return within(fmt::format("dead letter {}", row.id), fields.error());
  auto message = message_of(*fields, {.tenant = row.tenant, .session = row.session, .run = row.run});
  if (!message) return within(fmt::format("dead letter {}", row.id), message.error());
  const auto reason = dead_reason_of(row.reason);
  if (!reason)
    return fail(ErrorCode::invalid,
                fmt::format("dead letter {}: there is no such reason as `{}`", row.id, row.reason));
  return DeadLetter{std::move(*message), *reason, row.detail, row.at_ms, row.resent_ms};
}

}  // namespace troupe::bus
