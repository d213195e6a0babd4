-- Texts are compared by NFKC_Casefold now. The program makes anew what it keeps of them, as soon as it starts: below 0
-- says that it has not done so yet. What find looks up is made after that.
UPDATE find_progress SET next = -1;
