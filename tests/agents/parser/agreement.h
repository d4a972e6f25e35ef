#pragma once

#include "tests/agents/parser/turns.h"

#include <map>
#include <string>
#include <vector>

namespace troupe::tests {

/// How far the parser agrees with what the original programs made of their models' replies.
struct Agreement {
  int executed = 0;         ///< turns on which the original program acted
  int agree = 0;            ///< … and the parser reads the very same
  int contradicted = 0;     ///< … which the rules of docs/parser.md forbid
  int agree_otherwise = 0;  ///< agree among those that they do not forbid
  int refused = 0;          ///< turns that the original program could not use
  int refused_here = 0;     ///< … nor the parser

  int others() const { return executed - contradicted; }
  double rate() const { return executed == 0 ? 1 : static_cast<double>(agree) / executed; }
  double rate_otherwise() const {
    return others() == 0 ? 1 : static_cast<double>(agree_otherwise) / others();
  }
};

struct Departure {
  std::string collection, id, recorded, read, why;
};

/// Read once, and kept: all judged turns.
struct AgreementTable {
  std::map<std::string, std::map<std::string, Agreement>> by_model;  ///< collection, then model
  std::map<std::string, Agreement> by_collection;
  Agreement all;
  std::vector<Departure> departures;
};
const AgreementTable& agreement_table();

/// The table as Markdown, as it stands in docs/parser.md.
std::string agreement_markdown();

}  // namespace troupe::tests
