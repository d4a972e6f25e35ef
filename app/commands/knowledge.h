#pragma once

#include "app/search_options.h"
#include "app/wiring.h"
#include "runtime/async/task.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/// What the subcommands of `troupe knowledge` share. Each body returns the exit code.
namespace troupe::app {

struct KnowledgeOptions {
  std::string config;
  std::string base;
  std::string query;
  std::string name;    // of what comes from stdin
  std::string tenant;  // whose base; "": everybody's
  std::vector<std::string> sources;
  SearchOptions search;
  std::string mode;
  std::string document;
  std::optional<std::size_t> k;
  std::string after;        // the source that a page of documents begins behind
  std::size_t limit = 100;  // documents of a page
  bool force = false;
  bool dry_run = false;
  bool all = false;
  bool json = false;
};

/// A base with a page of its documents.
Task<int> show_base(LibraryServices services, KnowledgeOptions options);
/// Whether what belongs together in the file agrees, of one base or of all.
Task<int> check_bases(LibraryServices services, KnowledgeOptions options);
/// Deletes documents, or all of a base.
Task<int> delete_documents(LibraryServices services, KnowledgeOptions options);

/// A source as it is written on the command line: a path from here, or a URL.
std::string absolute_source(const std::string& source);

}  // namespace troupe::app
