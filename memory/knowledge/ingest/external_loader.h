#pragma once

#include "memory/knowledge/ingest/document_reader.h"
#include "memory/knowledge/loaders/external.h"
#include "runtime/async/task.h"
#include "runtime/base/clock.h"
#include "runtime/base/context.h"
#include "runtime/base/result.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// Reads files of formats that Troupe does not: somebody else's code, outside of this process. Concurrent
/// loads are fine. What it is does not change; load() is for the loop thread only.
class ExternalLoader {
 public:
  virtual ~ExternalLoader() = default;
  /// "subtitles/srt": whose, and which of theirs.
  virtual const std::string& name() const = 0;
  /// Document::format of what it reads.
  virtual const std::string& format() const = 0;
  /// With another one the same bytes may become another document, so they are read again.
  virtual const std::string& version() const = 0;
  virtual const loaders::LoaderFormats& formats() const = 0;
  /// What loaders::read_external() takes. `time` is for reading, not for waiting until others are read.
  /// Errors: what went wrong, in words for people; none of them is believed to concern other documents.
  virtual Task<Result<std::string>> load(ReadRequest request, Milliseconds time, CallContext& context) = 0;
};

/// The loaders of one configuration, and which of them reads what. Constant; the functions may be called on
/// any thread.
class Loaders {
 public:
  /// Where several read a format, the first of them does.
  explicit Loaders(std::vector<std::shared_ptr<ExternalLoader>> all);

  /// That of this name, or the only one of the plugin of this name. Errors: not_found (with those there are),
  /// invalid (the plugin has several).
  Result<ExternalLoader*> named(std::string_view name) const;
  /// Who reads a file of this name, whose format is none of Troupe's. Null: nobody.
  ExternalLoader* by_path(std::string_view path) const;
  /// Who reads a document; null: Troupe itself does, or says why not. `wanted`: what its source names, "":
  /// nobody, and then Troupe's own formats come first, a name's ending before a content type, and that before
  /// its first bytes. Errors: as named().
  Result<ExternalLoader*> choose(std::string_view wanted, const ReadRequest& request) const;

  /// How a document's preparation says that a loader has read it: with_loader() of ingest_plan.h.
  static std::string digits_of(const ExternalLoader& loader);
  /// Whether one of them has these digits.
  bool know(std::string_view digits) const;

 private:
  std::vector<std::shared_ptr<ExternalLoader>> all_;
};

}  // namespace troupe::memory
