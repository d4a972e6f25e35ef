#pragma once

#include <string>
#include <vector>

namespace troupe::fakes {

/// A certificate authority and one server certificate signed by it, made now, as PEM files in a private
/// temporary folder that is removed with this object. Throws when OpenSSL or the disk refuses.
class Certificates {
 public:
  /// `names`: the host names and addresses the server certificate is good for.
  explicit Certificates(const std::vector<std::string>& names = {"localhost", "127.0.0.1"});
  ~Certificates();
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  std::string ca_file() const { return folder_ + "/ca.pem"; }
  std::string certificate_file() const { return folder_ + "/server.pem"; }
  std::string key_file() const { return folder_ + "/server.key"; }

 private:
  std::string folder_;
};

}  // namespace troupe::fakes
