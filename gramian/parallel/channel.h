// Messages between the processes of one run, which are numbered from 0 on: their ranks. Messages of
// one tag from one rank arrive in the order in which they were sent.
#pragma once

#include <string>
#include <string_view>

namespace gramian {

class Channel {
 public:
  virtual ~Channel() = default;

  virtual int rank() const = 0;  // of this process
  virtual int size() const = 0;  // how many there are

  // Sends bytes to another rank. May wait until they are received there, if they are many.
  virtual void send(int to, int tag, std::string_view bytes) = 0;
  // Replaces `bytes` by those of the next message with this tag of that rank. False, at once, where
  // none has come yet.
  virtual bool try_receive(int from, int tag, std::string& bytes) = 0;

  // Another rank does not answer any more: nothing that needs it is waited for from now on.
  virtual void forsake() {}
};

}  // namespace gramian
