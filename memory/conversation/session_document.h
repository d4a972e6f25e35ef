#pragma once

#include "models/message.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/// A conversation as a file: what `troupe sessions export` writes and `import` reads. Pure.
namespace troupe::memory {

/// What a file may have.
inline constexpr std::size_t kImportTurns = 10'000;
inline constexpr std::size_t kImportTextBytes = 256u << 10;  // of one text: what a message may have
inline constexpr std::size_t kImportSteps = 1'000;           // messages between a question and its answer
inline constexpr int kSessionDocumentVersion = 1;

struct DocumentTurn {
  std::string input;
  std::string answer;           ///< "" where there was none
  std::string status = "done";  ///< done | failed | cancelled | limit | denied
  std::string ts;               ///< RFC 3339, of the end; or ""
  std::string agent;            ///< who answered; "": the session's target
  Json attachments;             ///< null, or the list that a run was submitted with
  /// Tool calls with what came of them, and what was said between; none is without its result.
  std::vector<models::Message> steps;
};

struct SessionDocument {
  std::string session;
  std::string target;
  std::vector<DocumentTurn> turns;
};

/// A finished run, without its steps. Pictures that came as data are named by their blob, which means nothing
/// to another store: whoever exports puts `data` in its place. Nothing where the message is withheld: it must
/// not come into a memory by way of a file.
std::optional<DocumentTurn> document_turn(const store::RunRow& row);

/// {"version": 1, "session", "target", "turns": [{"input", "answer", "status", "ts"?, "agent"?,
/// "attachments"?, "steps"?}, …]}. Steps are messages in OpenAI's shape.
Json to_json(const SessionDocument& document);

struct ImportedSession {
  SessionDocument document;
  /// System and developer messages of a chat: an agent has its own, so they are in no turn.
  std::vector<std::string> instructions;
};

/// Reads a session document, or a chat in OpenAI's shape (see openai_chat.h): an array of messages or an
/// object with `messages`. Errors: invalid (with the JSON pointer of what is wrong, "/turns/3/input: …"),
/// too_large (the same); of text that is no JSON, its offset.
Result<ImportedSession> import_session(std::string_view text);

}  // namespace troupe::memory
