#pragma once

#include "runtime/base/result.h"
#include "runtime/bus/message.h"
#include "runtime/store/dead_letter_row.h"

#include <string>

/// Dead letters as the store keeps them.
namespace troupe::bus {

/// The message id that a dead letter is sent to the run desk with: the same each time, so that sending it
/// twice is sending it once. Within what a client's id may be.
std::string resend_id(const Message& message);

store::DeadLetterRow row_of(const DeadLetter& letter);
/// Errors: invalid, naming the letter.
Result<DeadLetter> dead_letter_of(const store::DeadLetterRow& row);

}  // namespace troupe::bus
