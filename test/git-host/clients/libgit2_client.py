"""Clones URL into DIR, commits one more file, pushes it to a new branch and prints the commit."""

import sys

import pygit2

url, directory, branch = sys.argv[1:]
repo = pygit2.clone_repository(url, directory)
with open(f"{directory}/by-libgit2.txt", "w") as file:
    file.write("by libgit2\n")
repo.index.add("by-libgit2.txt")
who = pygit2.Signature("Agent", "agent@example.com")
ref = f"refs/heads/{branch}"
commit = repo.create_commit(ref, who, who, "By libgit2", repo.index.write_tree(), [repo.head.target])
repo.remotes["origin"].push([ref])
print(commit)
