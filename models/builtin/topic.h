#pragma once

#include "models/builtin/inquiry.h"
#include "models/builtin/subject.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

Language language_of(std::string_view text);

/// Whether a stem names work or its form ("write", "report", "bullet", "조사") and no subject of its own.
bool is_work_word(std::string_view stem);

/// The different stems of a text's first words without those that name work, sorted: at most kWordsWanted.
std::vector<std::string> subject_stems(std::string_view text);

/// What a task is about: "Write a report on the Eiffel Tower in five bullets" → "Eiffel Tower". `query` is ""
/// when every word of it names work.
Subject topic_of(std::string_view task);

}  // namespace troupe::models::builtin
