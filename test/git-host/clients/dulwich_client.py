"""Clones URL into DIR, commits one more file, pushes it to a new branch and prints the commit."""

import sys

from dulwich import porcelain

url, directory, branch = sys.argv[1:]
repo = porcelain.clone(url, directory, errstream=open("/dev/null", "wb"))
with open(f"{directory}/by-dulwich.txt", "w") as file:
    file.write("by dulwich\n")
porcelain.add(repo, [f"{directory}/by-dulwich.txt"])
who = b"Agent <agent@example.com>"
commit = porcelain.commit(repo, message=b"By dulwich", author=who, committer=who)
ref = b"refs/heads/" + branch.encode()
repo.refs[ref] = commit
porcelain.push(repo, url, ref, outstream=open("/dev/null", "wb"), errstream=open("/dev/null", "wb"))
print(commit.decode())
